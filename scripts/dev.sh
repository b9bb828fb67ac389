#!/usr/bin/env bash
# `make dev`: builds fast and serves, and repeats both after every change.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"
choose_node
npm_packages "$ROOT/scripts"
cd "$ROOT"
exec scripts/node_modules/.bin/nodemon --quiet --signal SIGTERM \
  --watch src --watch style --watch public --watch migrations --watch Cargo.toml \
  --ext rs,css,svg,toml --exec "scripts/build.sh debug && exec '$TARGET/debug/mail360' serve --migrate"
