# Finds, or installs, what builds the program. Sourced after lib.sh.
# shellcheck shell=bash
#
# An ordinary rustup is used as it is. Where its server is out of reach, Debian's own toolchain is taken
# in its place, and the standard library for WebAssembly is built once from Debian's source package.

std_is_there() {
  local folder
  folder=$("$1" --print target-libdir --target "$WASM_TARGET" 2>/dev/null) &&
    compgen -G "$folder/libstd-*.rlib" >/dev/null
}

# The toolchain of Debian's security archive; it has other names, and ignores rust-toolchain.toml.
use_debian() {
  local packages=(rustc-web cargo-web rust-web-src rust-web-clippy rustfmt-web lld-19) missing=() package
  for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] || debian "${missing[@]}"
  export PATH=/usr/bin:$PATH
  export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-19
  std_is_there /usr/bin/rustc || build_std
}

build_std() {
  say "Building the standard library for WebAssembly, once (a minute or three)"
  local work libdir
  work=$(mktemp -d)
  mkdir "$work/src"
  : >"$work/src/lib.rs"
  cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "empty"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
TOML
  (cd "$work" && RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="$work/target" /usr/bin/cargo build --quiet --release \
    -Zbuild-std=std,panic_abort --target "$WASM_TARGET") ||
    die "The standard library could not be built."
  libdir=$(/usr/bin/rustc --print target-libdir --target "$WASM_TARGET")
  as_root mkdir -p "$libdir"
  rm -f "$work/target/$WASM_TARGET/release/deps/"libempty*
  as_root cp "$work/target/$WASM_TARGET/release/deps/"*.rlib "$libdir/"
  rm -rf "$work"
}

# The oldest compiler that Cargo.toml allows.
rustc_is_new_enough() {
  local wanted have
  wanted=$(sed -nE 's/^rust-version = "(.*)"$/\1/p' "$ROOT/Cargo.toml" | head -n 1)
  have=$(cd "$ROOT" && rustc --version | awk '{ print $2 }')
  [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]
}

choose_toolchain() {
  if ! command -v cc >/dev/null; then
    if command -v apt-get >/dev/null; then debian build-essential; else die "A C compiler is missing: install gcc or clang."; fi
  fi
  if command -v rustup >/dev/null && command -v rustc >/dev/null && ! rustc_is_new_enough; then
    die "This Rust toolchain is too old for the program. Run: rustup update stable"
  fi
  if command -v rustc >/dev/null && command -v cargo >/dev/null; then
    if std_is_there rustc && [ "$(command -v rustc)" != /usr/bin/rustc ]; then
      return
    fi
    # For an hour: a network that fails once is not out of reach for ever.
    local verdict="$CACHE/no-rustup-target"
    find "$CACHE" -maxdepth 1 -name no-rustup-target -mmin +60 -delete
    if command -v rustup >/dev/null && [ ! -f "$verdict" ]; then
      say "Adding the WebAssembly target"
      # From here, so that rust-toolchain.toml decides which toolchain gets it.
      if (cd "$ROOT" && timeout 300 rustup target add "$WASM_TARGET") && std_is_there rustc; then
        return
      fi
      say "rustup could not add it; taking Debian's toolchain"
      touch "$verdict"
    fi
  fi
  if command -v apt-get >/dev/null; then
    apt-cache show rustc-web >/dev/null 2>&1 || { may_be_root && as_root apt-get update -q >/dev/null 2>&1; } ||
      true
    apt-cache show rustc-web >/dev/null 2>&1 ||
      die "The target $WASM_TARGET cannot be added to this Rust toolchain. Where the network allows: rustup target add $WASM_TARGET"
    use_debian
  else
    die "There is no Rust toolchain with the target $WASM_TARGET. Install rustup (https://rustup.rs), then: rustup target add $WASM_TARGET"
  fi
}

node_is_new_enough() { command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]; }

choose_node() {
  if ! node_is_new_enough || ! command -v npm >/dev/null; then
    debian nodejs npm
    node_is_new_enough || die "Node.js 18 or newer is needed; see https://nodejs.org"
  fi
}

# The command must have the very version of the library in Cargo.lock.
choose_wasm_bindgen() {
  local version folder
  version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[",]/, ""); print $3 }' "$ROOT/Cargo.lock")
  if command -v wasm-bindgen >/dev/null && [ "$(wasm-bindgen --version)" = "wasm-bindgen $version" ]; then
    WASM_BINDGEN=wasm-bindgen
    return
  fi
  folder=$TOOLS/wasm-bindgen-$version
  WASM_BINDGEN=$folder/bin/wasm-bindgen
  if [ ! -x "$WASM_BINDGEN" ]; then
    say "Building wasm-bindgen $version, once (some five minutes)"
    # It runs for a second at a time: how fast it is built counts, not how fast it runs. Not --locked: the
    # lock file that it is published with names a version that is not to be had.
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_TARGET_DIR="$CACHE/wasm-bindgen-target" \
      cargo install --quiet wasm-bindgen-cli --bin wasm-bindgen --version "$version" --root "$folder"
    rm -rf "$CACHE/wasm-bindgen-target"
  fi
}

choose_toolchain
