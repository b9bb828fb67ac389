#!/usr/bin/env bash
# `make run`: builds the program, migrates, and serves on http://localhost:3000 with SQLite in data/.
. "$(dirname "$0")/lib.sh"
# Before the build, which takes minutes.
port_is_free "${MAIL360_LISTEN:-127.0.0.1:3000}" "choose another port: MAIL360_LISTEN=127.0.0.1:3001 make run"
"$ROOT/scripts/build.sh" release
say "Starting; Ctrl-C stops it"
cd "$ROOT"
exec "$TARGET/release/mail360" serve --migrate
