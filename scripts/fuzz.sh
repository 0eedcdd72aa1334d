#!/usr/bin/env bash
# Fuzzes each target for a minute (FUZZ_SECONDS says otherwise), or only those that are named.
# A finding is kept in fuzz/artifacts/; `cargo fuzz run TARGET FILE` repeats it.
set -euo pipefail
cd "$(dirname "$0")/.."

# Instrumentation counts as unstable; this way the stable compiler does it.
export RUSTC_BOOTSTRAP=1
if ! cargo fuzz --version >/dev/null 2>&1; then
  echo "== installing cargo-fuzz (a debug build: it is quicker to make)"
  cargo install cargo-fuzz --locked --debug --quiet
fi
python3 fuzz/seeds.py

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then mapfile -t targets < <(cargo fuzz list); fi
failed=()
for target in "${targets[@]}"; do
  echo "== $target"
  # No sanitizer: the crate forbids `unsafe`, and what it looks for is a panic or a wrong answer.
  cargo fuzz run --sanitizer none --target-dir "${CARGO_TARGET_DIR:-target}/fuzz" "$target" -- \
    -max_total_time="${FUZZ_SECONDS:-60}" -max_len=20000 -timeout=5 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
    || failed+=("$target")
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "findings in: ${failed[*]}" >&2
  exit 1
fi
