#!/usr/bin/env bash
# `make audit` runs tools by other authors against the program. It takes about ten minutes, installs what
# it needs, and stays on this machine. It runs as root, because one tool accepts only port 443.
#
#   scripts/audit.sh [observatory csp schemathesis msgraph google api wapiti sqlmap ffuf slow lighthouse deny]
. "$(dirname "$0")/lib.sh"
. "$ROOT/scripts/toolchain.sh"

all=(observatory csp schemathesis msgraph google api wapiti sqlmap ffuf slow lighthouse deny)
for name in "$@"; do
  [[ " ${all[*]} " == *" $name "* ]] || die "There is no $name here; there are: ${all[*]}"
done
[ $# -gt 0 ] && all=("$@")
wanted() { [[ " ${all[*]} " == *" $1 "* ]]; }

[ "$(id -u)" = 0 ] || die "Run this as root: sudo -E make audit"
"$ROOT/scripts/build.sh" release
choose_node
npm_packages "$ROOT/scripts/audit"
newest_node "$ROOT/scripts/audit"
packages=()
for tool in slowhttptest sqlmap ffuf dirb openssl chromium curl; do
  command -v "$tool" >/dev/null || packages+=("$tool")
done
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3 python3-venv)
[ ${#packages[@]} = 0 ] || debian "${packages[@]}"
# A folder for each tool, because they need different versions of the same libraries.
MSGRAPH=msgraph-sdk==1.65.0 GOOGLE=google-api-python-client==2.202.0
python_packages audit-wapiti wapiti3==3.2.3
python_packages audit-schemathesis schemathesis==4.32.5
python_packages audit-msgraph "$MSGRAPH"
python_packages audit-google "$GOOGLE"

own_settings
work_folder
password=$(random 15)

# google_settings URL: leads the program to a stand-in for Google, which has all of Google's hosts on one.
google_settings() {
  export MAIL360_GOOGLE_AUTHORIZE_URL=$1/o/oauth2/v2/auth MAIL360_GOOGLE_TOKEN_URL=$1/token MAIL360_GOOGLE_REVOKE_URL=$1/revoke
  export MAIL360_GOOGLE_ISSUER=$1 MAIL360_GOOGLE_GMAIL_URL=$1 MAIL360_GOOGLE_PEOPLE_URL=$1
}

# serve NAME PORT PUBLIC_URL [PROVIDER [GOOGLE]]: starts a program with an administrator.
serve() {
  local folder=$WORK/$1
  export MAIL360_LISTEN=127.0.0.1:$2 MAIL360_PUBLIC_URL=$3 MAIL360_DATA_DIR=$folder MAIL360_LOG=warn
  export MAIL360_TRUSTED_PROXIES=127.0.0.0/8
  # No request may reach a provider, unless a scan has one of its own.
  google_settings "${5:-http://127.0.0.1:9}"
  if [ -n "${4:-}" ]; then
    export MAIL360_MICROSOFT_AUTHORIZE_URL=$4/{tenant}/oauth2/v2.0/authorize MAIL360_MICROSOFT_ISSUER=$4/{tenant}/v2.0
    export MAIL360_MICROSOFT_TOKEN_URL=$4/{tenant}/oauth2/v2.0/token MAIL360_MICROSOFT_GRAPH_URL=$4/v1.0
  else
    unset MAIL360_MICROSOFT_AUTHORIZE_URL MAIL360_MICROSOFT_ISSUER
    export MAIL360_MICROSOFT_TOKEN_URL=http://127.0.0.1:9/token MAIL360_MICROSOFT_GRAPH_URL=http://127.0.0.1:9
  fi
  {
    "$TARGET/release/mail360" migrate &&
      "$TARGET/release/mail360" organisation add --name Contoso &&
      "$TARGET/release/mail360" user add --email ada@contoso.test --name Ada --role admin <<<"$password"
  } >"$WORK/$1.log" 2>&1 || die "$(cat "$WORK/$1.log")"
  "$TARGET/release/mail360" serve >"$WORK/$1.log" 2>&1 &
  PIDS+=($!)
  for _ in $(seq 100); do
    # If the program has ended, another process may have its port.
    kill -0 "${PIDS[-1]}" 2>/dev/null || break
    if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then return; fi
    sleep 0.1
  done
  die "The program did not come up: $(cat "$WORK/$1.log")"
}

# still_in NAME URL COOKIE STATUS: a scan whose session has ended saw only the log-in page.
still_in() {
  local code
  code=$(curl --silent --insecure --output /dev/null --write-out '%{http_code}' --header "Cookie: $3" "$2/connectors")
  [ "$code" = 200 ] && return "$4"
  say "$1: the session had ended before the scan did ($code)"
  return 1
}

results=()
# verdict NAME WORDS STATUS
verdict() {
  local word=passed
  [ "$3" = 0 ] || word=FAILED
  results+=("$(printf '%-14s %-7s %s' "$1" "$word" "$2")")
  say "${results[-1]}"
}

plain=http://localhost:3201
serve plain 3201 "$plain"
cookie=$("$NODE" "$ROOT/scripts/audit/log-in.mjs" "$plain" ada@contoso.test "$password")
"$NODE" "$ROOT/scripts/audit/add-connector.mjs" "$plain" "$cookie"

if wanted observatory || wanted csp || wanted wapiti; then
  tls=https://localhost
  serve tls 3202 "$tls"
  openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$WORK/key.pem" -out "$WORK/cert.pem" 2>/dev/null
  "$NODE" "$ROOT/scripts/audit/tls-front.mjs" "$WORK/key.pem" "$WORK/cert.pem" 3202 &
  PIDS+=($!)
  sleep 1
  export NODE_EXTRA_CA_CERTS=$WORK/cert.pem
  tls_cookie=$("$NODE" "$ROOT/scripts/audit/log-in.mjs" "$tls" ada@contoso.test "$password")
  "$NODE" "$ROOT/scripts/audit/add-connector.mjs" "$tls" "$tls_cookie"
fi

if wanted observatory; then
  observatory=$ROOT/scripts/audit/node_modules/@mdn/mdn-http-observatory
  # The tool would download this list; no page of ours is on it.
  echo '{}' >"$observatory/conf/hsts-preload.json"
  "$NODE" "$observatory/src/scan.js" localhost >"$WORK/observatory.json" || true
  read -r grade score < <("$NODE" -p '
    const { scan } = JSON.parse(require("fs").readFileSync(process.argv[1])); [scan.grade, scan.score].join(" ")' \
    "$WORK/observatory.json")
  status=1
  [ "$grade" = A+ ] && [ "$score" -ge 130 ] && status=0
  verdict observatory "MDN HTTP Observatory: $grade, $score (wanted: A+, 130)" $status
fi

if wanted csp; then
  status=0
  "$NODE" "$ROOT/scripts/audit/csp.mjs" "$tls" "$tls_cookie" /login /connectors /connectors/new /nothing /api/connectors \
    >"$WORK/csp.txt" || status=$?
  cat "$WORK/csp.txt"
  verdict csp "$(tail -n 1 "$WORK/csp.txt")" $status
fi

# fuzz URL COOKIE OPTION...: every response of 500 and above is a failure.
fuzz() {
  local url=$1 cookie=$2
  shift 2
  # Without the second header every request would be refused before a handler runs.
  # From that folder, because it creates a folder where it is started.
  (cd "$WORK" && "$TOOLS/audit-schemathesis/bin/schemathesis" run "$ROOT/scripts/audit/openapi.yaml" --url "$url" \
    --phases examples,coverage,fuzzing --checks not_a_server_error -n 60 --generation-allow-x00 true \
    --continue-on-failure -H "Cookie: $cookie" -H 'Sec-Fetch-Site: same-origin' "$@")
}

if wanted schemathesis; then
  status=0
  # The route that requires a second factor would hide all other pages, so it is scanned separately.
  rule=/settings/people/second-factor
  # These two end the session or change its id; the cookie is then invalid.
  ending=(/logout /profile/second-factor)
  fuzz "$plain" "$cookie" --exclude-path "$rule" "${ending[@]/#/--exclude-path=}" >"$WORK/schemathesis.txt" 2>&1 || status=$?
  tail -n 25 "$WORK/schemathesis.txt"
  still_in schemathesis "$plain" "$cookie" $status || status=$?
  serve ruled 3203 http://localhost:3203
  ruled=$("$NODE" "$ROOT/scripts/audit/log-in.mjs" http://localhost:3203 ada@contoso.test "$password")
  fuzz http://localhost:3203 "$ruled" --include-path "$rule" >"$WORK/schemathesis-rule.txt" 2>&1 || status=$?
  fuzz http://localhost:3203 "$ruled" "${ending[@]/#/--include-path=}" >"$WORK/schemathesis-ending.txt" 2>&1 || status=$?
  count() { grep -oE '[0-9]+ generated' "$WORK/$1.txt" | head -n 1; }
  verdict schemathesis "$(count schemathesis), $(count schemathesis-rule) and $(count schemathesis-ending), over $(
    grep -oE 'Tested: [0-9]+' "$WORK/schemathesis.txt") operations and three; no answer of 500 and above" $status
fi

if wanted msgraph || wanted api; then
  # An API client with every scope, and a mailbox at the stand-in for Microsoft.
  npm_packages "$ROOT/end2end"
  api=http://localhost:3204
  application=$("$NODE" -p "require('node:crypto').randomUUID()")
  application_secret=$(random 30)
  clients=$("$NODE" -p 'JSON.stringify([{ client_id: process.argv[1], client_secret: process.argv[2], redirect_uris: [process.argv[3]] }])' \
    "$application" "$application_secret" "$api/api/connectors")
  graph=http://127.0.0.1:3205
  PORT=3205 CLIENTS=$clients "$NODE" "$ROOT/end2end/provider/main.mjs" >"$WORK/provider.log" 2>&1 &
  PIDS+=($!)
  for _ in $(seq 100); do
    grep -q '"listening"' "$WORK/provider.log" && break
    sleep 0.1
  done
  serve api 3204 "$api" "$graph"
  api_cookie=$("$NODE" "$ROOT/scripts/audit/log-in.mjs" "$api" ada@contoso.test "$password")
  account=$("$NODE" "$ROOT/scripts/audit/connect-mailbox.mjs" "$api" "$api_cookie" "$application" "$application_secret" alice@contoso.test)
  key=$("$NODE" "$ROOT/scripts/audit/add-api-client.mjs" "$api" "$api_cookie")
fi

if wanted msgraph; then
  # Microsoft's client, first with the token that the API hands out for the mailbox, then with the API key. It reads, then
  # sends, uploads and changes. The pieces of a large file go to another host, and so not through the raw passage.
  token=$(curl --silent --header "Authorization: Bearer $key" "$api/api/accounts/$account/token" |
    "$NODE" -p 'JSON.parse(require("fs").readFileSync(0)).data.token' || true)
  # mailbox NAME read|write BASE_URL TOKEN
  mailbox() { "$TOOLS/audit-msgraph/bin/python" "$ROOT/scripts/audit/graph-client.py" "$2" "$3" "$4" >"$WORK/$1.json" 2>"$WORK/$1.txt"; }
  status=0
  for what in read write; do
    mailbox "straight-$what" "$what" "$graph/v1.0" "$token" || status=1
    mailbox "passed-$what" "$what" "$api/api/accounts/$account/proxy/v1.0" "$key" || status=1
    [ -s "$WORK/straight-$what.json" ] && cmp "$WORK/straight-$what.json" "$WORK/passed-$what.json" || status=1
  done
  [ $status = 0 ] || tail -n 20 "$WORK"/straight-*.txt "$WORK"/passed-*.txt
  verdict msgraph "$MSGRAPH, at the stand-in itself and through the raw passage: reads the same $(
    "$NODE" -p 'const { messages, folders, contacts } = JSON.parse(require("fs").readFileSync(process.argv[1]));
      `${messages.length} messages, ${folders.length} folders, ${contacts.length} contacts`' "$WORK/passed-read.json" || true
  ); sends, uploads and changes alike" $status
fi

if wanted google; then
  # Google's clients for JavaScript and Python, at the stand-in for Google and through the raw passage. Uploads of the one
  # for Python go to Google's own host, so it sends small messages only (docs/api.md).
  npm_packages "$ROOT/end2end"
  choose_myworld
  gmail=http://localhost:3206 stand_in=http://127.0.0.1:3207
  gmail_id=123456789012-audit.apps.googleusercontent.com gmail_secret=GOCSPX-$(random 21)
  clients=$("$NODE" -p 'JSON.stringify([{ client_id: process.argv[1], client_secret: process.argv[2], redirect_uris: [process.argv[3]] }])' \
    "$gmail_id" "$gmail_secret" "$gmail/api/connectors")
  PORT=3207 CLIENTS=$clients "$NODE" "$ROOT/end2end/provider/google/main.ts" >"$WORK/google.log" 2>&1 &
  PIDS+=($!)
  for _ in $(seq 300); do
    grep -q '"listening"' "$WORK/google.log" && break
    sleep 0.1
  done
  serve gmail 3206 "$gmail" '' "$stand_in"
  gmail_cookie=$("$NODE" "$ROOT/scripts/audit/log-in.mjs" "$gmail" ada@contoso.test "$password")
  gmail_account=$("$NODE" "$ROOT/scripts/audit/connect-mailbox.mjs" "$gmail" "$gmail_cookie" "$gmail_id" "$gmail_secret" alice@contoso.test google)
  gmail_key=$("$NODE" "$ROOT/scripts/audit/add-api-client.mjs" "$gmail" "$gmail_cookie")
  gmail_token=$(curl --silent --header "Authorization: Bearer $gmail_key" "$gmail/api/accounts/$gmail_account/token" |
    "$NODE" -p 'JSON.parse(require("fs").readFileSync(0)).data.token' || true)
  # client LANGUAGE NAME BASE_URL TOKEN
  client() {
    local command=("$NODE" "$ROOT/scripts/audit/google-client.mjs")
    [ "$1" = python ] && command=("$TOOLS/audit-google/bin/python" "$ROOT/scripts/audit/google-client.py")
    "${command[@]}" "$3" "$4" >"$WORK/$2-$1.json" 2>"$WORK/$2-$1.txt"
  }
  status=0
  for language in javascript python; do
    client $language straight "$stand_in" "$gmail_token" || status=1
    client $language passed "$gmail/api/accounts/$gmail_account/proxy" "$gmail_key" || status=1
    [ -s "$WORK/straight-$language.json" ] && cmp "$WORK/straight-$language.json" "$WORK/passed-$language.json" || status=1
  done
  [ $status = 0 ] || tail -n 20 "$WORK"/straight-*.txt "$WORK"/passed-*.txt
  verdict google "googleapis and $GOOGLE, at the stand-in itself and through the raw passage: read the same $(
    "$NODE" -p 'const { messages, labels, contacts } = JSON.parse(require("fs").readFileSync(process.argv[1]));
      `${messages} messages, ${labels} labels, ${contacts} contacts`' "$WORK/passed-python.json" || true
  ); send, label and change alike" $status
fi

if wanted api; then
  return_address=https://crm.example.com/mailboxes
  "$NODE" "$ROOT/scripts/audit/add-return-address.mjs" "$api" "$api_cookie" "$return_address"
  # The document with values that exist in the mailbox. What the calls need is made each time.
  document() { "$NODE" "$ROOT/scripts/audit/api-document.mjs" "$api" "$key" "$account" "$return_address" >"$WORK/api.json"; }
  # scan NAME OPTION...: only what the document declares, a success of each call, and no answer of 500 and above but those
  # that name a refusal of the provider.
  scan() {
    local name=$1
    shift
    (cd "$WORK" && SCHEMATHESIS_HOOKS=$ROOT/scripts/audit/api_checks.py PYTHONDONTWRITEBYTECODE=1 \
      "$TOOLS/audit-schemathesis/bin/schemathesis" run "$WORK/api.json" --url "$api" \
      --phases examples,coverage,fuzzing -n 50 --generation-allow-x00 true --continue-on-failure \
      --checks OnlyTheProviderFails,EachCallSucceeds,status_code_conformance,content_type_conformance,response_schema_conformance \
      -H "Authorization: Bearer $key" "$@") >"$WORK/$name.txt" 2>&1
  }
  # sent: how many messages have left a mailbox of the stand-in.
  sent() { curl --silent --data '{}' "$graph/__sent" | "$NODE" -p 'JSON.parse(require("fs").readFileSync(0)).deliveries.length'; }
  status=0
  before=$(sent)
  # What deletes comes after what needs it. The last two calls change the account on which all others depend.
  document
  scan api --exclude-method DELETE --exclude-operation-id changeAccount || status=$?
  tail -n 25 "$WORK/api.txt"
  document
  scan api-deleting --include-method DELETE --exclude-operation-id deleteAccount || status=$?
  tail -n 15 "$WORK/api-deleting.txt"
  # The scans prove nothing if the key or the account did not work at their end.
  code=$(curl --silent --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $key" "$api/api/accounts/$account/messages")
  [ "$code" = 200 ] || status=1
  for call in changeAccount deleteAccount; do
    scan "api-$call" --include-operation-id "$call" || status=$?
    tail -n 10 "$WORK/api-$call.txt"
  done
  grep -h '^The provider refused' "$WORK"/api*.txt || true
  # counts NAME: the requests of a scan, and its operations.
  counts() { echo "$(grep -oE '[0-9]+ generated' "$WORK/$1.txt" | head -n 1) over $(sed -nE 's/.*Tested: ([0-9]+).*/\1/p' "$WORK/$1.txt")"; }
  verdict api "$(counts api) operations of /api/openapi.json, and $(counts api-deleting) that delete, with every scope; $(($(sent) - before)) messages sent" $status
fi

if wanted wapiti; then
  # Without its module for CSRF, which looks for a token in each form: the program checks headers, and the
  # tests named c1_… call every route. With the header of our own forms, because others are refused before a handler runs.
  # Over TLS, because it expects Secure cookies, which plain HTTP cannot set.
  "$TOOLS/audit-wapiti/bin/wapiti" -u "$tls/" --scope domain -C "$tls_cookie" -H 'Sec-Fetch-Site: same-origin' \
    -x "$tls/logout" -x "$tls/do/connectors/delete" -x "$tls/profile/sessions/*" -x "$tls/settings/people/*" \
    -x "$tls/profile/second-factor" \
    -m csp,cookieflags,http_headers,redirect,xss,permanentxss,sql,timesql,exec,file,crlf,methods,xxe \
    --max-scan-time 300 --flush-session --no-bugreport -f json -o "$WORK/wapiti.json" -v 0 >"$WORK/wapiti.txt" 2>&1 || true
  "$NODE" -e '
    const { vulnerabilities, anomalies, infos } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    let count = 0;
    for (const [kind, found] of Object.entries({ ...vulnerabilities, ...anomalies })) {
      for (const { method, path, info, parameter } of found) { count += 1; console.log(`${kind}: ${method} ${path} ${parameter}: ${info}`); }
    }
    console.log(`wapiti: ${infos.crawled_pages_nbr ?? "some"} pages, ${count} findings`);
    process.exitCode = count || !(infos.crawled_pages_nbr >= 20) ? 1 : 0;
  ' "$WORK/wapiti.json" >"$WORK/wapiti.found" && status=0 || status=1
  tail -n 40 "$WORK/wapiti.found"
  still_in wapiti "$tls" "$tls_cookie" $status || status=$?
  verdict wapiti "$(tail -n 1 "$WORK/wapiti.found")" $status
fi

if wanted sqlmap; then
  sqlmap -u "$plain/api/connectors?state=a&code=b&iss=c&error=d" --batch --level 3 --risk 2 --disable-coloring \
    --output-dir "$WORK/sqlmap" --cookie "$cookie" --ignore-code 400 >"$WORK/sqlmap.txt" 2>&1 || true
  status=1
  grep -q 'do not appear to be injectable' "$WORK/sqlmap.txt" && ! grep -qE "is vulnerable|Type: " "$WORK/sqlmap.txt" && status=0
  verdict sqlmap "the callback: $(grep -oE 'all tested parameters do not appear to be injectable' "$WORK/sqlmap.txt" | head -n 1)" $status
fi

if wanted ffuf; then
  ffuf -u "$plain/FUZZ" -w /usr/share/dirb/wordlists/common.txt -mc all -fc 404 -s >"$WORK/ffuf.txt" 2>/dev/null || true
  # Paths of the route table, and typical paths of an operator's console.
  found=$(grep -vxE 'login|logout|connectors|profile|re-authenticate|healthz|readyz|favicon.ico|' "$WORK/ffuf.txt" || true)
  status=0
  [ -z "$found" ] || status=1
  verdict ffuf "of $(wc -l </usr/share/dirb/wordlists/common.txt) names it found: $(tr '\n' ' ' <"$WORK/ffuf.txt")" $status
fi

if wanted slow; then
  # Fewer connections than places, and more. All come from the address of a trusted proxy, because the limit of one
  # network would stop the attack.
  ulimit -n 16384 2>/dev/null || say "slow: no more than $(ulimit -n) files may be open"
  for count in 500 5000; do
    for mode in H B X; do
      more=() rate=$((count / 5))
      # Each of these requests whole pages. A higher rate would measure the pages per second.
      [ $mode = X ] && more=(-n 5 -w 512 -y 1024 -z 32 -k 3) rate=$((count / 25))
      seen=$WORK/slow-$mode-$count.txt
      slowhttptest -c $count -$mode -i 10 -r $rate -t "$([ $mode = B ] && echo POST || echo GET)" -u "$plain/login" \
        -x 24 -p 3 -l 60 "${more[@]}" >"$seen" 2>&1 || true
      status=0
      grep -q 'service available' "$seen" || status=1
      grep -aE 'service available: *.*NO' "$seen" >/dev/null && status=1
      verdict "slow-$mode-$count" "slowhttptest: $(grep -ac 'service available' "$seen") looks, $(grep -aE 'service available' "$seen" | grep -ac NO || true) without an answer" $status
    done
  done
fi

if wanted lighthouse; then
  for page in /login /connectors /connectors/new; do
    for form in mobile desktop; do
      preset=()
      [ $form = desktop ] && preset=(--preset=desktop)
      with=$cookie
      [ $page = /login ] && with=
      CHROME_PATH=${CHROMIUM:-$(command -v chromium)} "$NODE" "$ROOT/scripts/audit/node_modules/lighthouse/cli/index.js" \
        "$plain$page" --quiet --chrome-flags='--headless=new --no-sandbox --disable-gpu' "${preset[@]}" \
        --extra-headers="{\"Cookie\":\"$with\"}" --only-categories=performance,accessibility,best-practices \
        --output=json --output-path="$WORK/lighthouse.json" >"$WORK/lighthouse.txt" 2>&1 || true
      scores=$("$NODE" -p '
        const { categories } = JSON.parse(require("fs").readFileSync(process.argv[1]));
        Object.values(categories).map(({ score }) => Math.round(score * 100)).join(" / ")' "$WORK/lighthouse.json" || echo none)
      status=1
      # Without a session the tool would see the log-in page.
      [ "$scores" = '100 / 100 / 100' ] && grep -qF "\"finalDisplayedUrl\": \"$plain$page\"" "$WORK/lighthouse.json" && status=0
      if [ $status = 1 ]; then
        "$NODE" -e '
          const { audits } = JSON.parse(require("fs").readFileSync(process.argv[1]));
          for (const { id, score, displayValue } of Object.values(audits)) if (score !== null && score < 0.9) console.log(`  ${id}: ${score} ${displayValue ?? ""}`);
        ' "$WORK/lighthouse.json" || cat "$WORK/lighthouse.txt"
      fi
      verdict lighthouse "$page, $form: $scores (performance, accessibility, best practices)" $status
    done
  done
fi

if wanted deny; then
  choose_cargo_deny
  cd "$ROOT"
  status=0
  "$CARGO_DENY" check bans licenses sources || status=$?
  verdict cargo-deny "bans, licences, sources" $status
  if "$CARGO_DENY" fetch db; then
    status=0
    "$CARGO_DENY" --offline check advisories || status=$?
    verdict advisories "RustSec's, of today" $status
  else
    # Not passed: the result says that nothing was checked.
    verdict advisories "RustSec's database could not be fetched" 1
  fi
fi

printf '\n%s\n' "${results[@]}"
! printf '%s\n' "${results[@]}" | grep -q FAILED
