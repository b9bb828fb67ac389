# What the scripts share. Sourced, not run.
# Shared functions of the scripts. Sourced, not run.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${MAIL360_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mail360-connectors}
TOOLS=$CACHE/tools
WASM_TARGET=wasm32-unknown-unknown
mkdir -p "$TOOLS"

# On a CI machine a folder outside the checkout keeps the next clean checkout warm.
if [ -n "${CI:-}" ] && [ -z "${CARGO_TARGET_DIR:-}" ]; then
  export CARGO_TARGET_DIR=$CACHE/target
fi
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}

if [ -t 1 ]; then
  BOLD=$'\e[1m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
  BOLD='' RED='' PLAIN=''
fi

# say WORDS: prints the present step.
say() { printf '%s\n' "$BOLD== $*$PLAIN"; }

# die WORDS: prints an error with its remedy, and exits.
die() {
  printf '%s\n' "$RED$*$PLAIN" >&2
  exit 1
}

# may_be_root: whether commands can run as root; sudo may ask for a password at a terminal.
may_be_root() {
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { sudo -n true || { [ -t 0 ] && sudo -v; }; } 2>/dev/null; }
}

# as_root COMMAND: runs it as root, or says how to.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif may_be_root; then
    sudo "$@"
  else
    die "This needs root: sudo $*"
  fi
}

# debian PACKAGE...: installs packages with apt-get.
debian() {
  command -v apt-get >/dev/null ||
    die "Missing: $*. Install what your system calls these, and run this again."
  # Now, because the output below goes into the log.
  may_be_root || die "Missing: $*. Install them, and run this again: sudo apt-get install $*"
  say "Installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >"$CACHE/apt.log" 2>&1 ||
    die "apt-get update failed; see $CACHE/apt.log"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" \
    >"$CACHE/apt.log" 2>&1 || die "apt-get install $* failed; see $CACHE/apt.log"
}

node_is_new_enough() { command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; }

# choose_node: sets NODE to the one of this machine; installs one if there is none or it is too old.
choose_node() {
  if ! node_is_new_enough || ! command -v npm >/dev/null; then
    debian nodejs npm
    node_is_new_enough || die "Node.js 18 or newer is needed; see https://nodejs.org"
  fi
  NODE=node
}

# npm_packages FOLDER: installs the packages of its lock file, unless they are installed.
npm_packages() {
  local stamp="$1/node_modules/.installed" wanted
  wanted=$(cksum <"$1/package-lock.json")
  if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
    say "Installing the npm packages of ${1#"$ROOT"/}"
    # No install scripts, because no lock file lists what they download.
    (cd "$1" && npm ci --ignore-scripts --no-fund --no-audit --loglevel=error)
    printf '%s' "$wanted" >"$stamp"
  fi
}

# python_packages NAME PACKAGE...: installs packages from PyPI into a folder of their own, unless they are installed.
python_packages() {
  local venv=$TOOLS/$1 wanted
  shift
  wanted=$*
  [ "$(cat "$venv/installed" 2>/dev/null)" != "$wanted" ] || return 0
  python3 -c 'import ensurepip, venv' 2>/dev/null || debian python3 python3-venv
  say "Installing ${venv##*/}"
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" || die "pip could not install $wanted."
  printf '%s' "$wanted" >"$venv/installed"
}

# choose_myworld: sets MYWORLD to a Python with the mailboxes of Gmail for the tests.
choose_myworld() {
  local packages
  mapfile -t packages < <(grep -vE '^(#|$)' "$ROOT/end2end/provider/google/requirements.txt")
  python_packages myworld "${packages[@]}"
  export MYWORLD=$TOOLS/myworld/bin/python
}

# newest_node FOLDER: sets NODE to the one from the packages of that folder, if there is one: some need a
# newer one than a distribution's.
newest_node() {
  local own
  NODE=node
  for own in "$1"/node_modules/node-*/bin/node; do
    [ ! -x "$own" ] || NODE=$own
  done
}

# own_settings: unsets the settings of a real installation in the shell, above all its database.
own_settings() {
  local name
  for name in "${!MAIL360_@}"; do
    case $name in
    MAIL360_BINARY | MAIL360_CACHE | MAIL360_LISTEN) ;;
    *) unset "$name" ;;
    esac
  done
}

# port_is_free ADDRESS WORDS: exits with these words if this `host:port` is in use.
port_is_free() {
  local host=${1%:*} port=${1##*:}
  host=${host#[} host=${host%]}
  # A server that listens at every address also listens at this machine's own.
  case $host in 0.0.0.0) host=127.0.0.1 ;; ::) host=::1 ;; esac
  if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
    die "Something listens on port $port already. End it, or $2"
  fi
}

# random N: N random bytes as text for an address.
random() { "$NODE" -p "require('node:crypto').randomBytes($1).toString('base64url')"; }

# work_folder: sets WORK to a folder that is deleted at the end; processes in PIDS are ended as well.
work_folder() {
  WORK=$(mktemp -d)
  PIDS=()
  trap clear_away EXIT
  trap 'exit 130' INT TERM
}

clear_away() {
  trap - EXIT INT TERM
  local pid
  for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$WORK"
}
