#!/usr/bin/env bash
# `make bench`: measures each budget, prints them as a table and writes benches/RESULTS.md.
. "$(dirname "$0")/lib.sh"
"$ROOT/scripts/build.sh" release
command -v wrk >/dev/null || debian wrk
cd "$ROOT"
say "Measuring; this takes some minutes"
MAIL360_BINARY=$TARGET/release/mail360 cargo bench --quiet --features ssr --bench budgets
