#!/usr/bin/env bash
# The Python package as a user gets it: built, installed, linted, typed, tested.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=$(realpath -m "${VENV:-.venv}")
export VENV

scripts/python.sh
cd python
"$VENV/bin/pip" install --quiet --disable-pip-version-check --group dev
"$VENV/bin/ruff" format --check .
"$VENV/bin/ruff" check .
"$VENV/bin/mypy"
"$VENV/bin/python" -m mypy.stubtest countersign \
  --allowlist stubtest-allow.txt --ignore-unused-allowlist
# The contract is held against the server as well.
(cd .. && cargo build --quiet --bin countersign)
"$VENV/bin/pytest" -q -W error

# Each library's own tests, against what takes its place.
export PYTHON="$VENV/bin/python"
for suite in pyjwt flask_jwt_extended python_jose flask_limiter; do
  echo "== the suite of $suite"
  "scripts/${suite}_suite.sh" | tail -n 1
done
