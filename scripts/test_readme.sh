#!/usr/bin/env bash
# Runs the README's pasted lines as they stand, against the real server, and checks what they say.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/with_server.sh

story=$(awk '/run by scripts\/test_readme.sh/{on=1} on&&/^```$/{exit} on&&!/^```|^<!--/' README.md)
answers=$(bash -euo pipefail -c "${story/http:\/\/127.0.0.1:8080/$URL}")
echo "$answers"

must_say() {
  grep -qF -- "$1" <<<"$answers" || { echo "the README's lines did not answer: $1"; exit 1; }
}
must_say '"username":"ada"'
must_say '"error":"invalid_token"'
[ "$(grep -c '"username":"ada"' <<<"$answers")" -ge 1 ]
echo "1 passed, 0 failed"
