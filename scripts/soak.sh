#!/usr/bin/env bash
# `make soak`: about 75 minutes of kills, a full disk, an unavailable database, several processes restarted under load, and
# refreshes of 2,000 accounts and mail that is sent amid all that, with Outlook and with Gmail. It installs what it needs
# (wrk, haproxy, faketime, myworld, PostgreSQL: a distribution may start a service with a package) and stays on this machine.
# It needs root for a small disk. SOAK_SECONDS sets the duration of each part that can be longer or shorter.
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/postgres.sh"

"$ROOT/scripts/build.sh" release
choose_node
npm_packages "$ROOT/end2end"
choose_myworld
newest_node "$ROOT/end2end"
packages=()
for tool in wrk haproxy psql; do
  command -v "$tool" >/dev/null || packages+=("${tool/psql/postgresql-client}")
done
[ -n "${LIBFAKETIME:-}" ] || compgen -G "/usr/lib/*/faketime/libfaketime.so.1" >/dev/null ||
  compgen -G "/usr/lib/faketime/libfaketime.so.1" >/dev/null || packages+=(faketime)
[ ${#packages[@]} = 0 ] || debian "${packages[@]}"

own_settings
work_folder
small=$WORK/small
start_postgres
# From here on everything is removed at the end, also after a failure.
clean_up() {
  if mountpoint -q "$small"; then
    if [ "$(id -u)" = 0 ]; then umount --lazy "$small"; else sudo -n umount --lazy "$small"; fi ||
      say "Left behind: sudo umount $small"
  fi
  stop_postgres
  clear_away
}
trap clean_up EXIT
mkdir "$small"
as_root mount -t tmpfs -o size=24m,mode=1777 mail360-soak "$small"
printf '#!/bin/sh\ncd / && exec %s "%s/pg_ctl" -D "%s/db" -l "%s/server.log" "$@"\n' \
  "${PG_AS[*]}" "$PG_BIN" "$PG_DATA" "$PG_DATA" >"$WORK/postgres"
as=$([ "$(id -u)" = 0 ] || echo 'sudo -n')
printf '#!/bin/sh\nexec %s mount -o "remount,$1" "%s"\n' "$as" "$small" >"$WORK/remount"
chmod +x "$WORK/postgres" "$WORK/remount"

export MAIL360_BINARY=$TARGET/release/mail360 SOAK_SECONDS=${SOAK_SECONDS:-75}
export SOAK_SMALL_DISK=$small SOAK_POSTGRES_CONTROL=$WORK/postgres SOAK_REMOUNT=$WORK/remount
# The server's own tools, because older ones cannot read its data.
PATH=$PG_BIN:$PATH
cd "$ROOT/end2end"
# The provider and SQLite's reader need a newer Node than a distribution's.
"$NODE" node_modules/@playwright/test/cli.js test --config soak.config.ts "$@"
say "Nothing that was promised was lost."
