#!/usr/bin/env bash
# Builds what is measured, optimised; measures; writes docs/benchmarks.md and its plot. Each program
# prints its figures as lines of JSON, which are kept in target/bench, and its progress beside them.
# With names of parts (server, tokens, python, hosts) only these are measured anew.
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
lines=$target/bench
parts=${*:-server tokens python hosts}
mkdir -p "$lines"

# What a part prints is kept once it has succeeded; a part that cannot be measured here is left out.
measure() {
  local part=$1 && shift
  [[ " $parts " == *" $part "* ]] || return 0
  echo "== $part" >&2
  rm -f "$lines/$part"
  if "$@" >"$lines/$part.new"; then
    mv "$lines/$part.new" "$lines/$part"
  fi
}

server() {
  "$target/release/bench" measure "$target/release/countersign" &&
    "$target/release/bench" argon2 .venv/bin/python bench/argon2_peer.py
}

load=$(cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown)
echo "== building" >&2
cargo build --release --bin countersign
cargo build --release -p bench
# Beside jsonwebtoken, which nothing else of ours depends on.
cargo build --release --manifest-path bench/tokens/Cargo.toml --target-dir "$target"
scripts/python.sh >/dev/null
(cd python && ../.venv/bin/pip install --quiet --disable-pip-version-check --group bench argon2-cffi)

[ $# -gt 0 ] && [ -e "$lines/machine" ] || "$target/release/bench" machine "$load" >"$lines/machine"
measure server server
measure tokens "$target/release/bench-tokens"
measure python .venv/bin/python python/bench/tokens.py
measure hosts .venv/bin/python python/bench/hosts.py

for part in machine server tokens python hosts; do
  if [ -e "$lines/$part" ]; then cat "$lines/$part"; else echo "left out: $part" >&2; fi
done | "$target/release/bench" report docs
echo "docs/benchmarks.md is written" >&2
