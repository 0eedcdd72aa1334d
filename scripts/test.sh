#!/usr/bin/env bash
# The whole test suite on a machine that has Rust, Python, Node and apt. Installs what it lacks.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if ! command -v cargo-nextest >/dev/null 2>&1; then
  echo "== installing cargo-nextest"
  cargo install cargo-nextest --locked
fi
if ! command -v cargo-deny >/dev/null 2>&1; then
  echo "== installing cargo-deny (a debug build: it is quicker to make)"
  cargo install cargo-deny --locked --debug --quiet
fi
if ! command -v chromium >/dev/null 2>&1; then
  echo "== installing chromium"
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends chromium
fi

scripts/lint.sh

echo "== tests"
cargo nextest run --workspace --all-features --no-fail-fast

echo "== documentation"
cargo test --workspace --all-features --doc
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --all-features --quiet

echo "== Python"
scripts/test_python.sh

echo "== README and browser"
scripts/test_readme.sh
scripts/test_browser.sh

echo "everything passed"
