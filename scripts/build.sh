#!/usr/bin/env bash
# Builds the program and the folder site/ beside it: `build.sh` optimised, `build.sh debug` fast.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"

kind=${1:-release}
case $kind in
release) server=(--release) browser=(--profile wasm-release) browser_folder=wasm-release ;;
debug) server=() browser=() browser_folder=debug ;;
*) die "Usage: build.sh [release|debug]" ;;
esac

cd "$ROOT"
choose_node
choose_wasm_bindgen
npm_packages "$ROOT/scripts"

# A terminal gets progress output; a log does not.
quiet=(--quiet)
[ -t 2 ] && quiet=()

say "1/3 The browser's half"
cargo rustc "${quiet[@]}" "${browser[@]}" --lib --crate-type cdylib --no-default-features --features hydrate \
  --target "$WASM_TARGET"

say "2/3 The server's half (the first time takes minutes)"
cargo build "${quiet[@]}" "${server[@]}" --features ssr --bin mail360

say "3/3 The assets"
work=$TARGET/site-work-$kind
rm -rf "$work"
"$WASM_BINDGEN" --target web --no-typescript --out-name mail360 --out-dir "$work" \
  "$TARGET/$WASM_TARGET/$browser_folder/mail360.wasm"
if [ "$kind" = release ]; then
  # Flat code first: it makes the rest a hundredth smaller.
  "$ROOT/scripts/node_modules/.bin/wasm-opt" --flatten --local-cse --rereloop -Oz -Oz --converge --strip-debug --strip-producers \
    --enable-bulk-memory --enable-mutable-globals --enable-nontrapping-float-to-int --enable-sign-ext \
    --enable-reference-types --enable-multivalue --enable-extended-const \
    -o "$work/mail360_bg.wasm" "$work/mail360_bg.wasm"
fi
node "$ROOT/scripts/assets.mjs" "$work" "$TARGET/$kind/site"
rm -rf "$work"
