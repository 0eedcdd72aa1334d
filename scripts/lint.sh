#!/usr/bin/env bash
# Formatting, lints and dependency rules. Warnings are refused.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== rustfmt"
cargo fmt --all --check

echo "== clippy"
cargo clippy --workspace --all-targets --all-features -- -D warnings

# The advisory database needs a network of its own; `cargo deny check` without arguments asks it.
if command -v cargo-deny >/dev/null 2>&1; then
  echo "== cargo-deny"
  cargo deny --offline check bans licenses sources
else
  echo "== cargo-deny is not installed: cargo install cargo-deny --locked"
fi
