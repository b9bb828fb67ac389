#!/usr/bin/env bash
# `make bench`: measures each budget, prints a table and writes benches/RESULTS.md. `bench.sh PART...` measures only these
# parts, as benches/budgets/main.rs names them, and writes nothing. `bench.sh flame` draws the flame graph
# of the Connectors page into benches/flame.svg; perf needs root, or a kernel that allows it.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"
. "$ROOT/scripts/postgres.sh"
"$ROOT/scripts/build.sh" release
command -v wrk >/dev/null || debian wrk
cd "$ROOT"
own_settings
export MAIL360_BINARY=$TARGET/release/mail360

if [ "${1:-}" = flame ]; then
  command -v perf >/dev/null || debian linux-perf
  command -v perl >/dev/null || debian perl
  inferno=$TOOLS/inferno/bin
  if [ ! -x "$inferno/inferno-flamegraph" ]; then
    say "Installing inferno"
    cargo install --quiet inferno --version 0.12.8 --no-default-features --features cli --locked --root "$TOOLS/inferno"
  fi
  # With the names of functions, which the binary itself does not have.
  say "Building the program with its symbols (minutes)"
  cargo build --quiet --profile flame --features ssr --bin mail360
  ln -sfn ../release/site "$TARGET/flame/site"
  export MAIL360_BINARY=$TARGET/flame/mail360
  work_folder
  say "Looking; to unwind what was seen takes some minutes"
  FLAME=$WORK/perf.data cargo bench --quiet --features ssr --bench budgets
  perf script -i "$WORK/perf.data" --no-inline 2>/dev/null | "$inferno/inferno-collapse-perf" |
    "$inferno/inferno-flamegraph" --title 'GET /connectors, 25 rows' --minwidth 0.3 |
    # The picture only: its script is another author's, and pages that show pictures do not run it.
    perl -0pe 's/<script.*?<\/script>//s; s/ on\w+="[^"]*"//g' >"$WORK/flame.svg"
  mv "$WORK/flame.svg" benches/flame.svg
  say "benches/flame.svg"
  exit
fi

# Accounts are refreshed against the strict server of the stories, on both databases. The one for Google has the mailboxes
# of myworld.
choose_node
npm_packages "$ROOT/end2end"
newest_node "$ROOT/end2end"
export PROVIDER_NODE=$NODE
choose_myworld
start_postgres
say "Measuring; this takes half an hour"
cargo bench --quiet --features ssr --bench budgets -- "$@"
