#!/usr/bin/env bash
# `make test` runs everything, `make check` (test.sh fast) the part without a browser, `make e2e` (test.sh
# browser) the part with one. Missing tools never cause a skipped test: they are installed, or the script names them.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"
. "$ROOT/scripts/postgres.sh"

what=${1:-all}
cd "$ROOT"
choose_node
rust_tests=0 browser_tests=0 build='' built=''

# start_build: builds the optimised program beside the lints and the build of the tests, because rustc uses one core for
# much of its time. Together they take 11 GB of memory; a machine that has less builds one after the other.
start_build() {
  [ "$(awk '/^MemAvailable/ { print int($2 / 1e6) }' /proc/meminfo 2>/dev/null || echo 0)" -ge 14 ] || return 0
  say "The optimised program, in the background"
  build_log=$(mktemp)
  # In a process group of its own, so that cargo ends with it.
  set -m
  scripts/build.sh release >"$build_log" 2>&1 &
  build=$!
  set +m
  trap 'kill -- -"$build" 2>/dev/null || true' EXIT
}

# finish_build: waits for it, so that no build runs beside the tests.
finish_build() {
  [ -n "$build" ] || return 0
  local failed=
  wait "$build" || failed=yes
  trap - EXIT
  cat "$build_log"
  rm -f "$build_log"
  [ -z "$failed" ] || die "The optimised program could not be built."
  build='' built=yes
}

formatting() {
  say "Formatting"
  cargo fmt --all --check
}

lints() {
  cargo clippy --version >/dev/null 2>&1 || die "clippy is missing: rustup component add clippy, or your system's package of it."
  say "Lints of the server's half"
  cargo clippy --quiet --workspace --all-targets --features ssr -- -D warnings
  say "Lints of the browser's half"
  cargo clippy --quiet --lib --no-default-features --features hydrate --target "$WASM_TARGET" -- -D warnings
}

house() {
  say "The house"
  "$NODE" scripts/house.mjs
}

WORDS=(src migrations .cargo Cargo.toml README.md ARCHITECTURE.md CONTRIBUTING.md SECURITY.md Makefile docs benches tests end2end scripts style)

words() {
  say "Words"
  "$NODE" scripts/words.mjs "${WORDS[@]}"
}

security_rows() {
  say "Security rows"
  scripts/check-rows.sh
}

dependencies() {
  say "Dependencies: bans, licences, sources"
  choose_cargo_deny
  # Only for this machine's target: other targets need crates that are not downloaded.
  "$CARGO_DENY" --log-level error --target "$(rustc -vV | sed -n 's/^host: //p')" --locked check bans licenses sources ||
    die "A dependency is not allowed: see deny.toml."
}

rust() {
  say "Tests of the server, on SQLite and PostgreSQL"
  local nextest='' log
  ! cargo nextest --version >/dev/null 2>&1 || nextest=yes
  if [ -n "$nextest" ]; then
    cargo nextest run --workspace --features ssr --no-run --cargo-quiet
  else
    cargo test --workspace --features ssr --no-run --quiet
  fi
  finish_build
  start_postgres
  # For the check of a signature in the README.
  command -v python3 >/dev/null || debian python3
  log=$(mktemp)
  if [ -n "$nextest" ]; then
    cargo nextest run --workspace --features ssr --no-fail-fast --color never 2>&1 | tee "$log" |
      grep -vE '^ +PASS|^ +Compiling' || { [ "${PIPESTATUS[0]}" = 0 ] || die "Tests of the server failed."; }
    grep -qE 'tests? run: .*, 0 skipped$' "$log" || die "Tests of the server were skipped."
    rust_tests=$(sed -nE 's/.* ([0-9]+) tests? run: .*/\1/p' "$log" | tail -n 1)
  else
    cargo test --workspace --features ssr --no-fail-fast 2>&1 | tee "$log" | grep -vE '^test .* ok$' ||
      { [ "${PIPESTATUS[0]}" = 0 ] || die "Tests of the server failed."; }
    ! grep -E '^test result: ' "$log" | grep -vE ' 0 ignored;.* 0 filtered out' || die "Tests of the server were skipped."
    rust_tests=$(sed -nE 's/^test result: .* ([0-9]+) passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum }')
  fi
  rm -f "$log"
  [ "${rust_tests:-0}" -gt 0 ] || die "No test of the server ran."
  stop_postgres
}

browser() {
  [ -n "$built" ] || scripts/build.sh release
  say "The bundle"
  scripts/check-bundle.sh
  say "Stories in Chromium, with JavaScript and without"
  # Debian's browser; CHROMIUM names another one.
  [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null || debian chromium
  [ -n "${LIBFAKETIME:-}" ] || compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null ||
    compgen -G "/usr/lib/faketime/libfaketime.so.1" >/dev/null || debian faketime
  # For the examples of docs/api.md, and for the check of a signature in the README.
  command -v python3 >/dev/null || debian python3
  command -v curl >/dev/null || debian curl
  command -v openssl >/dev/null || debian openssl
  npm_packages "$ROOT/end2end"
  choose_myworld
  # Playwright refuses Debian's.
  newest_node "$ROOT/end2end"
  # Two stories run the program on it, and look into it with psql of the same version.
  start_postgres
  local PATH=$PG_BIN:$PATH
  command -v psql >/dev/null || debian postgresql-client
  (cd end2end && npm run --silent check) || die "The stories' types do not fit."
  local report
  report=$(mktemp)
  (cd end2end && MAIL360_BINARY=$TARGET/release/mail360 PLAYWRIGHT_JSON_OUTPUT_FILE=$report "$NODE" node_modules/@playwright/test/cli.js test) || {
    # Again in short, for a reader of the last lines.
    "$NODE" scripts/failures.mjs "$report" >&2 || true
    die "Stories failed."
  }
  local skipped
  read -r browser_tests skipped < <("$NODE" -p '
    const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    [stats.expected, stats.skipped].join(" ");' "$report")
  rm -f "$report"
  stop_postgres
  [ "$skipped" = 0 ] || die "$skipped stories were skipped."
  [ "$browser_tests" -gt 0 ] || die "No story ran."
}

case $what in
all)
  formatting
  house
  words
  security_rows
  dependencies
  start_build
  lints
  rust
  browser
  ;;
fast)
  formatting
  house
  words
  security_rows
  dependencies
  lints
  rust
  ;;
browser) browser ;;
*) die "Usage: test.sh [all|fast|browser]" ;;
esac

printf '\nrust: %s tests\nbrowser: %s tests\n%s passed, 0 failed\n' \
  "$rust_tests" "$browser_tests" "$((rust_tests + browser_tests))"
