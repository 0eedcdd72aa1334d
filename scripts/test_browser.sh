#!/usr/bin/env bash
# The docs page in headless Chromium, against the real server.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/with_server.sh

(cd e2e && npm install --no-package-lock --no-audit --no-fund --silent)
JSON='content-type: application/json'
curl -sSf "$URL/register" -H "$JSON" -d '{"username":"browser","password":"correct horse battery"}' >/dev/null
timeout 120 node e2e/docs.mjs "$URL" browser "correct horse battery"

scripts/test_browser_fastapi.sh
