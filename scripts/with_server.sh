# Sourced by the scripts that need a running server: starts it on a port of the system's choosing,
# waits until it listens, and stops it at exit. Sets URL and FOLDER.
cargo build --quiet --bin countersign
FOLDER=$(mktemp -d)
BINARY=$(cargo metadata --format-version 1 --no-deps | sed -E 's/.*"target_directory":"([^"]+)".*/\1/')/debug/countersign

stop_server() {
  if [ -n "${SERVER:-}" ]; then
    kill "$SERVER" 2>/dev/null || true
    wait "$SERVER" 2>/dev/null || true
  fi
  rm -rf "$FOLDER"
}
trap stop_server EXIT

(cd "$FOLDER" && exec "$BINARY" serve --dev --listen "${LISTEN:-127.0.0.1:0}") \
  >"$FOLDER/out" 2>"$FOLDER/log" &
SERVER=$!
for _ in $(seq 300); do
  URL=$(grep -oE -m1 'listening on http://[0-9.:]+' "$FOLDER/out" | grep -oE 'http.*' || true)
  [ -n "$URL" ] && break
  kill -0 "$SERVER" 2>/dev/null || { cat "$FOLDER/out" "$FOLDER/log"; exit 1; }
  sleep 0.1
done
[ -n "$URL" ] || { echo "the server does not listen"; cat "$FOLDER/log"; exit 1; }
