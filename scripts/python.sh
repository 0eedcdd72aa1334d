#!/usr/bin/env bash
# Builds the Python package: a wheel for CPython 3.10 and later in target/wheels/, installed in
# .venv (or where VENV says), which is made when it is not there.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=${VENV:-.venv}

[ -x "$VENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$VENV"
"$VENV/bin/pip" install --quiet --disable-pip-version-check --upgrade "pip>=25.1" "maturin>=1.9,<2"
rm -f target/wheels/countersign_auth-*.whl
"$VENV/bin/maturin" build --release --locked --manifest-path python/rust/Cargo.toml \
  --interpreter "$VENV/bin/python" --out target/wheels
"$VENV/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps \
  target/wheels/countersign_auth-*.whl
"$VENV/bin/python" -c 'import countersign; print("installed:", countersign.__file__)'
