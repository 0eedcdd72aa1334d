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
    cp "$PYJWT_SDIST" "$work/"
else
    "$python" -m pip --quiet --disable-pip-version-check download \
        --no-deps --no-binary :all: --dest "$work" 'pyjwt==2.15.*'
fi
tar -xzf "$work"/*.tar.gz -C "$work" --strip-components=1
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
