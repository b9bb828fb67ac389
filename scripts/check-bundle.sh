#!/usr/bin/env bash
# Checks the browser's bundle: it contains no part of the server, and it is small.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"
cd "$ROOT"

# Limit for script and WebAssembly together, in bytes, compressed as they are served.
LIMIT=60000

crates='tokio|axum|hyper|sea-orm|sea-query|sqlx|reqwest|rustls|oauth2|argon2|tower|chacha20poly1305|leptos_axum'
tree=$(cargo tree --quiet --target "$WASM_TARGET" --no-default-features --features hydrate -e normal --prefix none)
if found=$(grep -E "^($crates)([-_][a-z0-9_-]+)? " <<<"$tree"); then
  die "The browser's half depends on: $(sort -u <<<"$found" | tr '\n' ' ')"
fi

site=$TARGET/release/site/pkg
for word in argon2 sqlx sea_orm 'SELECT ' 'INSERT ' MAIL360_ENCRYPTION_KEY token_endpoint; do
  if grep -qaF "$word" "$site"/*.js "$site"/*.wasm; then
    die "The bundle holds \`$word\`."
  fi
done

size=$(cat "$site"/*.js.br "$site"/*.wasm.br | wc -c)
printf 'Script and WebAssembly, brotli: %s of at most %s bytes\n' "$size" "$LIMIT"
[ "$size" -le "$LIMIT" ] || die "The bundle is too large."
