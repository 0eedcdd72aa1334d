#!/bin/sh
# Run Flask-Limiter's own test suite against countersign.compat.flask_limiter, with "limits" meaning
# countersign.compat.limits. The suite is fetched, never kept.
#
#   python/scripts/flask_limiter_suite.sh [arguments for pytest]
#
# PYTHON: the interpreter that has countersign, flask[async], flask-restful, flask-restx, hiro, pytest
#   and pytest-check (default: .venv/bin/python).
# FLASK_LIMITER_SDIST: an sdist that is already here, instead of a download.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ -n "${FLASK_LIMITER_SDIST:-}" ]; then
    cp "$FLASK_LIMITER_SDIST" "$work/"
else
    "$python" -m pip --quiet --disable-pip-version-check download \
        --no-deps --no-binary :all: --dest "$work" 'flask-limiter==4.1.*'
fi
tar -xzf "$work"/*.tar.gz -C "$work" --strip-components=1
# Without the implementation beside the tests, its name can only be what the plugin makes it.
rm -rf "$work/flask_limiter"

cat > "$work/as_original.py" <<'PYTHON'
"""Let ``limits`` and ``flask_limiter`` and their submodules mean those of countersign."""
import importlib
import pkgutil
import sys
import types
import unittest.mock

import pytest

NAMES = {
    "limits": "countersign.compat.limits",
    "flask_limiter": "countersign.compat.flask_limiter",
}

for name, ours in NAMES.items():
    package = sys.modules[name] = importlib.import_module(ours)
    for module in pkgutil.iter_modules(package.__path__):
        imported = importlib.import_module(f"{ours}.{module.name}")
        sys.modules[f"{name}.{module.name}"] = imported

# The suite's fixtures import what talks to its servers; the tests that would talk are left out.
for name in ("pymemcache", "pymongo", "redis"):
    sys.modules[name] = types.ModuleType(name)

SERVER = "needs a storage that is a server"
LEFT_OUT = {
    "test_storage.py": SERVER,
    "test_commands.py::test_clear_limits": SERVER,
    "test_configuration.py::test_constructor_arguments_over_config": SERVER,
    "test_error_handling.py::test_fallback_to_memory": SERVER,
    "test_error_handling.py::test_fallback_to_memory_backoff_check": SERVER,
    "test_error_handling.py::test_fallback_to_memory_config": SERVER,
    "test_error_handling.py::test_fallback_to_memory_with_global_override": SERVER,
    "test_flask_ext.py::test_custom_key_prefix": SERVER,
    "test_flask_ext.py::test_reset_unsupported": SERVER,
    "test_regressions.py::test_custom_key_prefix_with_headers": SERVER,
    "test_regressions.py::test_redis_request_slower_than_fixed_window": SERVER,
    "test_regressions.py::test_redis_request_slower_than_moving_window": SERVER,
}


@pytest.fixture
def mocker(monkeypatch):
    """What the suite uses of pytest-mock: to watch a method, and to have it do something else."""

    def spy(owner, name):
        watched = unittest.mock.Mock(side_effect=getattr(owner, name))
        monkeypatch.setattr(owner, name, watched)
        return watched

    return types.SimpleNamespace(spy=spy)


def pytest_configure(config):
    """Be strict, but for the suite's own bad rates, unnamed storages and files left open."""
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("filterwarnings", "ignore:No storage is named:UserWarning")
    config.addinivalue_line("filterwarnings", "ignore::flask_limiter.InvalidRateWarning")
    config.addinivalue_line("filterwarnings", "ignore:unclosed file:ResourceWarning")


def pytest_collection_modifyitems(config, items):
    """Leave out by name what cannot apply, and say so."""
    kept, left = [], []
    for item in items:
        name = item.nodeid.removeprefix("tests/").partition("[")[0]
        reason = LEFT_OUT.get(name) or LEFT_OUT.get(name.partition("::")[0])
        (left if reason else kept).append(item)
        if reason:
            print(f"left out: {item.name}: {reason}")
    items[:] = kept
    config.hook.pytest_deselected(items=left)
PYTHON

printf '[pytest]\n' > "$work/pytest.ini"
cd "$work"
PYTHONPATH=$work "$python" -m pytest -p as_original -c pytest.ini --rootdir . -p no:cacheprovider -q -ra "$@" tests
