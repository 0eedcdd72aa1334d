#!/usr/bin/env bash
# FastAPI's documentation page in headless Chromium, against an application of e2e/. Wants the
# Python package and its development dependencies in VENV, as scripts/test_python.sh leaves them.
set -euo pipefail
cd "$(dirname "$0")/.."
VENV=$(realpath -m "${VENV:-.venv}")
FOLDER=$(mktemp -d)

stop_server() {
  if [ -n "${SERVER:-}" ]; then
    kill "$SERVER" 2>/dev/null || true
    wait "$SERVER" 2>/dev/null || true
  fi
  rm -rf "$FOLDER"
}
trap stop_server EXIT

(cd "$FOLDER" && exec "$VENV/bin/uvicorn" --app-dir "$OLDPWD/e2e" --port 0 fastapi_app:app) \
  >"$FOLDER/log" 2>&1 &
SERVER=$!
for _ in $(seq 300); do
  URL=$(grep -oE -m1 'http://[0-9.]+:[0-9]+' "$FOLDER/log" || true)
  [ -n "$URL" ] && break
  kill -0 "$SERVER" 2>/dev/null || { cat "$FOLDER/log"; exit 1; }
  sleep 0.1
done

(cd e2e && npm install --no-package-lock --no-audit --no-fund --silent)
PASSWORD="correct horse battery"
curl -sSf "$URL/auth/register" -H 'content-type: application/json' \
  -d "{\"username\":\"browser\",\"password\":\"$PASSWORD\"}" >/dev/null
for page in "$URL" "$URL/mounted"; do
  timeout 120 node e2e/fastapi.mjs "$page" browser "$PASSWORD"
done
