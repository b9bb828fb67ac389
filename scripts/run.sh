#!/usr/bin/env bash
# `make run`: builds the program, migrates, and serves on http://localhost:3000 with SQLite in data/.
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/build.sh" release
say "Starting; Ctrl-C stops it"
cd "$ROOT"
exec "$TARGET/release/mail360" serve --migrate
