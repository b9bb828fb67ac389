# A temporary PostgreSQL server for the tests. Sourced after lib.sh.
# shellcheck shell=bash

find_postgres() {
  local folder
  for folder in $(dirname "$(command -v initdb || echo /nowhere/initdb)") /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_ctl" ]; then
      PG_BIN=$folder
      return 0
    fi
  done
  return 1
}

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

# start_postgres: sets MAIL360_TEST_POSTGRES_URL.
start_postgres() {
  find_postgres || { debian postgresql && find_postgres; } || die "PostgreSQL is not to be found."
  PG_DATA=$(mktemp -d)
  local port as=()
  port=$(free_port)
  # initdb refuses to run as root.
  if [ "$(id -u)" = 0 ]; then
    id postgres >/dev/null 2>&1 || useradd --system --no-create-home postgres
    chown postgres "$PG_DATA"
    as=(setpriv --reuid postgres --regid "$(id -g postgres)" --clear-groups)
  fi
  PG_AS=("${as[@]}")
  trap stop_postgres EXIT
  (
    cd "$PG_DATA"
    "${as[@]}" "$PG_BIN/initdb" -D "$PG_DATA/db" -U postgres -A trust -E UTF8 --locale=C --no-sync
    # Not durable, and so fast: the server lives as long as the tests. In its file, so that a restart keeps
    # the settings.
    printf '%s\n' "port = $port" "unix_socket_directories = '$PG_DATA'" "listen_addresses = '127.0.0.1'" \
      'fsync = off' 'full_page_writes = off' 'max_connections = 400' 'max_wal_size = 128MB' | "${as[@]}" tee -a "$PG_DATA/db/postgresql.conf"
    "${as[@]}" "$PG_BIN/pg_ctl" -D "$PG_DATA/db" -w -l "$PG_DATA/server.log" start
  ) >"$PG_DATA/start.log" 2>&1 || {
    cat "$PG_DATA"/*.log >&2
    die "PostgreSQL did not start."
  }
  export MAIL360_TEST_POSTGRES_URL=postgres://postgres@127.0.0.1:$port/postgres
}

stop_postgres() {
  [ -n "${PG_DATA:-}" ] || return 0
  (cd / && "${PG_AS[@]}" "$PG_BIN/pg_ctl" -D "$PG_DATA/db" -m immediate stop) >/dev/null 2>&1 || true
  rm -rf "$PG_DATA"
  PG_DATA=
}
