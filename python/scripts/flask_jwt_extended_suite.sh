#!/bin/sh
# Run Flask-JWT-Extended's own test suite against countersign.compat.flask_jwt_extended, with "jwt"
# meaning countersign.jwt. The suite is fetched, never kept.
#
#   python/scripts/flask_jwt_extended_suite.sh [arguments for pytest]
#
# PYTHON: the interpreter that has countersign, flask, pytest, cryptography and python-dateutil
#   (default: .venv/bin/python).
# FLASK_JWT_EXTENDED_SDIST: an sdist that is already here, instead of a download.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ -n "${FLASK_JWT_EXTENDED_SDIST:-}" ]; then
    cp "$FLASK_JWT_EXTENDED_SDIST" "$work/"
else
    "$python" -m pip --quiet --disable-pip-version-check download \
        --no-deps --no-binary :all: --dest "$work" 'flask-jwt-extended==4.7.*'
fi
tar -xzf "$work"/*.tar.gz -C "$work" --strip-components=1
# Without the implementation beside the tests, its name can only be what the plugin makes it.
rm -rf "$work/flask_jwt_extended"

cat > "$work/as_original.py" <<'PYTHON'
"""Let ``jwt`` and ``flask_jwt_extended`` and their submodules mean those of countersign."""
import importlib
import pkgutil
import sys

NAMES = {
    "jwt": "countersign.jwt",
    "flask_jwt_extended": "countersign.compat.flask_jwt_extended",
}

for name, ours in NAMES.items():
    package = sys.modules[name] = importlib.import_module(ours)
    for module in pkgutil.iter_modules(package.__path__):
        imported = importlib.import_module(f"{ours}.{module.name}")
        sys.modules[f"{name}.{module.name}"] = imported


def pytest_configure(config):
    """Be strict, but for the suite's own short secrets and its own use of old names."""
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("filterwarnings", "ignore::jwt.warnings.InsecureKeyLengthWarning")
    config.addinivalue_line("filterwarnings", "ignore:.*utcnow:DeprecationWarning")
    config.addinivalue_line("filterwarnings", "ignore:.*utcfromtimestamp:DeprecationWarning")

PYTHON

printf '[pytest]\n' > "$work/pytest.ini"
cd "$work"
PYTHONPATH=$work "$python" -m pytest -p as_original -c pytest.ini --rootdir . -p no:cacheprovider -q -ra "$@" tests
