#!/usr/bin/env bash
# Builds the optimised binary and the load generator, and prints rates. Nothing is asserted.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --bin countersign
cargo run --release -p bench -- target/release/countersign
