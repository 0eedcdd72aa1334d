#!/usr/bin/env bash
# Builds what is measured, optimised, and prints rates and ratios. Nothing is asserted.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --bin countersign
cargo build --release -p bench
target/release/bench target/release/countersign

# Beside jsonwebtoken, which nothing else of ours depends on.
cargo run --release --manifest-path bench/tokens/Cargo.toml --target-dir target

scripts/python.sh >/dev/null
(cd python && ../.venv/bin/pip install --quiet --disable-pip-version-check --group bench argon2-cffi)
.venv/bin/python bench/argon2_peer.py
echo
.venv/bin/python python/bench/tokens.py
echo
.venv/bin/python python/bench/hosts.py
