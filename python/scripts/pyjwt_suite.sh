#!/bin/sh
# Run PyJWT's own test suite against countersign.jwt. The suite is fetched, never kept.
#
#   python/scripts/pyjwt_suite.sh [arguments for pytest]
#
# PYTHON: the interpreter that has countersign, pytest and cryptography (default: .venv/bin/python).
# PYJWT_SDIST: an sdist that is already here, instead of a download.
# NO_CRYPTO=1: run as if cryptography were not installed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ -n "${PYJWT_SDIST:-}" ]; then
    cp "$PYJWT_SDIST" "$work/pyjwt.tar.gz"
else
    "$python" - "$work/pyjwt.tar.gz" <<'PYTHON'
"""Download the newest sdist of PyJWT 2.15, with the checksum that the index states."""
import hashlib, json, sys, urllib.request

index = "https://pypi.org/pypi/pyjwt"
releases = json.load(urllib.request.urlopen(f"{index}/json", timeout=60))["releases"]
newest = max((v for v in releases if v.startswith("2.15.")), key=lambda v: int(v.split(".")[2]))
sdist = next(f for f in releases[newest] if f["packagetype"] == "sdist")
data = urllib.request.urlopen(sdist["url"], timeout=60).read()
if hashlib.sha256(data).hexdigest() != sdist["digests"]["sha256"]:
    sys.exit("the sdist does not have the checksum that the index states")
open(sys.argv[1], "wb").write(data)
PYTHON
fi
tar -xzf "$work/pyjwt.tar.gz" -C "$work" --strip-components=1
# Without the implementation beside the tests, "jwt" can only be what the plugin makes it.
rm -rf "$work/jwt"

cat > "$work/as_jwt.py" <<'PYTHON'
"""Let ``jwt`` and its submodules mean those of countersign."""
import importlib
import os
import pkgutil
import sys

if os.environ.get("NO_CRYPTO"):
    sys.modules["cryptography"] = None

import countersign.jwt

sys.modules["jwt"] = countersign.jwt
for module in pkgutil.iter_modules(countersign.jwt.__path__):
    imported = importlib.import_module(f"countersign.jwt.{module.name}")
    sys.modules[f"jwt.{module.name}"] = imported


def pytest_configure(config):
    """Be as strict as the suite's own configuration."""
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("filterwarnings", "ignore::jwt.warnings.InsecureKeyLengthWarning")
PYTHON

printf '[pytest]\n' > "$work/pytest.ini"
cd "$work"
PYTHONPATH=$work "$python" -m pytest -p as_jwt -c pytest.ini --rootdir . -p no:cacheprovider -q -ra "$@" tests
