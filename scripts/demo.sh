#!/usr/bin/env bash
# `make demo`: the program, local providers that look like Microsoft's and Google's, and what to click: the whole way to a
# connected mailbox without an account at either. All data is deleted at the end. Other ports: MAIL360_LISTEN,
# DEMO_PROVIDER_PORT, DEMO_GOOGLE_PORT.
. "$(dirname "$0")/lib.sh"

own_settings
listen=${MAIL360_LISTEN:-127.0.0.1:3000}
port=${listen##*:}
provider_port=${DEMO_PROVIDER_PORT:-4210}
google_port=${DEMO_GOOGLE_PORT:-4211}
# Before the build, which takes minutes.
for taken in "$listen" "127.0.0.1:$provider_port" "127.0.0.1:$google_port"; do
  port_is_free "$taken" "choose others: MAIL360_LISTEN=127.0.0.1:3001 DEMO_PROVIDER_PORT=4212 DEMO_GOOGLE_PORT=4213 make demo"
done
# An existing binary may be named.
if [ -z "${MAIL360_BINARY:-}" ]; then
  "$ROOT/scripts/build.sh" release
  MAIL360_BINARY=$TARGET/release/mail360
fi
choose_node
npm_packages "$ROOT/end2end"
newest_node "$ROOT/end2end"

work_folder
trap 'say "The demo has ended. All its data is deleted."; exit 0' INT TERM

client_id=$("$NODE" -p "require('node:crypto').randomUUID()")
client_secret=$(random 30)
google_id=123456789012-$("$NODE" -p "require('node:crypto').randomBytes(16).toString('hex')").apps.googleusercontent.com
google_secret=GOCSPX-$(random 21)
password=$(random 15)
url=http://localhost:$port
provider=http://127.0.0.1:$provider_port
google=http://127.0.0.1:$google_port

export MAIL360_LISTEN=$listen MAIL360_PUBLIC_URL=$url MAIL360_DATA_DIR=$WORK/data MAIL360_LOG=warn MAIL360_LOG_FORMAT=text
export MAIL360_MICROSOFT_AUTHORIZE_URL=$provider/oauth2/v2.0/authorize
export MAIL360_MICROSOFT_TOKEN_URL=$provider/oauth2/v2.0/token
export MAIL360_MICROSOFT_GRAPH_URL=$provider/v1.0
export MAIL360_MICROSOFT_ISSUER=$provider/{tenant}/v2.0
export MAIL360_GOOGLE_AUTHORIZE_URL=$google/o/oauth2/v2/auth MAIL360_GOOGLE_TOKEN_URL=$google/oauth2/token
export MAIL360_GOOGLE_REVOKE_URL=$google/oauth2/revoke MAIL360_GOOGLE_ISSUER=$google
export MAIL360_GOOGLE_GMAIL_URL=$google MAIL360_GOOGLE_PEOPLE_URL=$google

"$MAIL360_BINARY" migrate >"$WORK/log" 2>&1 || die "$(cat "$WORK/log")"
"$MAIL360_BINARY" organisation add --name Contoso >"$WORK/log" 2>&1 || die "$(cat "$WORK/log")"
"$MAIL360_BINARY" user add --email ada@contoso.test --name 'Ada Example' --role admin \
  <<<"$password" >"$WORK/log" 2>&1 || die "$(cat "$WORK/log")"

# If one of them does not start, its own output says why.
PORT=$provider_port CLIENT_ID=$client_id CLIENT_SECRET=$client_secret REDIRECT_URI=$url/api/connectors \
  "$NODE" "$ROOT/end2end/provider/demo.mjs" >"$WORK/provider" 2>&1 &
PIDS+=($!)
PORT=$google_port CLIENT_ID=$google_id CLIENT_SECRET=$google_secret REDIRECT_URI=$url/api/connectors \
  "$NODE" "$ROOT/end2end/provider/demo-google.mjs" >"$WORK/google" 2>&1 &
PIDS+=($!)
"$MAIL360_BINARY" serve >"$WORK/program" 2>&1 &
PIDS+=($!)
"$NODE" -e '
  const until = Date.now() + 30_000;
  const up = (url) => fetch(url).then((answer) => answer.ok, () => false);
  (async () => {
    for (const url of process.argv.slice(1)) {
      while (!(await up(url))) {
        if (Date.now() > until) process.exit(1);
        await new Promise((done) => setTimeout(done, 100));
      }
    }
  })();
' "$url/readyz" "$provider/.well-known/openid-configuration" "$google/.well-known/openid-configuration" ||
  die "The demo did not come up:"$'\n'"$(cat "$WORK/provider" "$WORK/google" "$WORK/program")"

cat <<TEXT

$BOLD== The demo runs$PLAIN

  1. Open $url and log in:
       Email            ada@contoso.test
       Password         $password

  2. Click Add connector, type
       Service Name     Mail archive
       Client ID        $client_id
       Client Secret    $client_secret
       Who may sign in  Any Entra ID Tenant + Personal Microsoft accounts
     and click Add.

  3. Click Sign in with Microsoft to verify, and choose Alice Adams. You read: The connector works.

  4. Click Connect the first account, and then Make a link. Copy the link, and open it in a private window, in which no
     user is logged in. Click Continue with Microsoft, and choose Bob Brown. You read: Your mailbox is connected.

  5. Open $url/accounts in the first window, and click bob@contoso.test. The account is Connected.
     Click Test access. You read when its newest message came, and that it has 12 contacts.

  Then try a wrong secret (Replace the client secret on the connector's page): the page says what to change.

  For Gmail do steps 2 to 5 again, with these values after a click on Gmail in step 2:
       Service Name     Gmail archive
       Gmail's ID       $google_id
       Gmail's secret   $google_secret
  and with Google in place of Microsoft in steps 3 and 4.

  Ctrl-C ends the demo and deletes all its data.

TEXT

wait -n "${PIDS[@]}" || true
die "A part of the demo has ended:"$'\n'"$(cat "$WORK/provider" "$WORK/google" "$WORK/program")"
