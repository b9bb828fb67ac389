# Finds, or installs, the tools that build the program. Sourced after lib.sh.
# shellcheck shell=bash
#
# An existing rustup is used as it is. If its server is unreachable, Debian's own toolchain is used
# instead, and the standard library for WebAssembly is built once from Debian's source package.

std_is_there() {
  local folder
  folder=$("$1" --print target-libdir --target "$WASM_TARGET" 2>/dev/null) &&
    compgen -G "$folder/libstd-*.rlib" >/dev/null
}

# The toolchain of Debian's security archive; it has other names and ignores rust-toolchain.toml.
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
  # The marker comes last, in one step: after a kill in between, the next run builds it again.
  local built=$work/target/$WASM_TARGET/release/deps std
  std=$(basename "$(compgen -G "$built/libstd-*.rlib")")
  mv "$built/$std" "$work/$std"
  as_root cp "$built/"*.rlib "$libdir/"
  as_root cp "$work/$std" "$libdir/.$std"
  as_root mv "$libdir/.$std" "$libdir/$std"
  rm -rf "$work"
}

# The oldest compiler that Cargo.toml allows.
wanted_rustc() { sed -nE 's/^rust-version = "(.*)"$/\1/p' "$ROOT/Cargo.toml" | head -n 1; }

# Whether there is a working compiler for this folder that is not too old.
rustc_is_usable() {
  local wanted have
  wanted=$(wanted_rustc)
  have=$(cd "$ROOT" && rustc --version 2>/dev/null | awk '{ print $2 }')
  [ -n "$have" ] && [ "$(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]
}

# rustup's compilers include a linker for WebAssembly; those of distributions use the system's.
has_linker() {
  local linker
  compgen -G "$(cd "$ROOT" && rustc --print sysroot)/lib/rustlib/*/bin/rust-lld" >/dev/null && return
  for linker in wasm-ld wasm-ld-{25..17}; do
    if command -v "$linker" >/dev/null; then
      export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker
      return
    fi
  done
  return 1
}

# rustup COMMAND...: within five minutes, from this folder, so that rust-toolchain.toml decides. A network out
# of reach is remembered for an hour only, because it may return.
try_rustup() {
  local verdict="$CACHE/no-rustup"
  find "$CACHE" -maxdepth 1 -name no-rustup -mmin +60 -delete
  command -v rustup >/dev/null && [ ! -f "$verdict" ] || return 1
  (cd "$ROOT" && timeout 300 rustup "$@") && return
  touch "$verdict"
  return 1
}

choose_toolchain() {
  if ! command -v cc >/dev/null; then
    if command -v apt-get >/dev/null; then debian build-essential; else die "A C compiler is missing: install gcc or clang."; fi
  fi
  if command -v rustup >/dev/null && ! rustc_is_usable; then
    say "Installing Rust $(wanted_rustc) or newer by rustup"
    try_rustup toolchain install stable --profile minimal --component clippy --component rustfmt ||
      say "rustup could not install it"
  fi
  if rustc_is_usable && command -v cargo >/dev/null; then
    if ! std_is_there rustc; then
      say "Adding the WebAssembly target"
      try_rustup target add "$WASM_TARGET" || say "This Rust toolchain has none to add"
    fi
    if std_is_there rustc && has_linker; then
      return
    fi
  fi
  if command -v apt-get >/dev/null; then
    apt-cache show rustc-web >/dev/null 2>&1 || { may_be_root && as_root apt-get update -q >/dev/null 2>&1; } ||
      true
    if apt-cache show rustc-web >/dev/null 2>&1; then
      say "Taking Debian's toolchain"
      use_debian
      return
    fi
  fi
  if rustc_is_usable; then
    die "This Rust toolchain lacks the target $WASM_TARGET, or a linker for it. Install rustup (https://rustup.rs), then run: rustup target add $WASM_TARGET"
  fi
  die "There is no Rust toolchain of version $(wanted_rustc) or newer. Install rustup (https://rustup.rs), then run this again."
}

# The command must have exactly the version of the library in Cargo.lock.
choose_wasm_bindgen() {
  local version folder
  version=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[",]/, ""); print $3 }' "$ROOT/Cargo.lock")
  if command -v wasm-bindgen >/dev/null && [ "$(wasm-bindgen --version)" = "wasm-bindgen $version" ]; then
    WASM_BINDGEN=wasm-bindgen
    return
  fi
  # Built again if the lock file has changed.
  folder=$TOOLS/wasm-bindgen-$version-$(cksum <"$ROOT/scripts/wasm-bindgen/Cargo.lock" | cut -d ' ' -f 1)
  WASM_BINDGEN=$folder/bin/wasm-bindgen
  if [ ! -x "$WASM_BINDGEN" ]; then
    say "Building wasm-bindgen $version, once (some three minutes)"
    CARGO_TARGET_DIR="$CACHE/wasm-bindgen-target" \
      cargo install --quiet --locked --path "$ROOT/scripts/wasm-bindgen" --root "$folder"
    rm -rf "$CACHE/wasm-bindgen-target"
  fi
}

# choose_cargo_deny: sets CARGO_DENY to the version for which the lists in deny.toml are written.
choose_cargo_deny() {
  local version=0.20.2 folder
  folder=$TOOLS/cargo-deny-$version
  CARGO_DENY=$folder/bin/cargo-deny
  if [ ! -x "$CARGO_DENY" ]; then
    say "Building cargo-deny $version, once (some two minutes)"
    # As with wasm-bindgen: the build time counts.
    CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
      CARGO_PROFILE_RELEASE_DEBUG=false CARGO_TARGET_DIR="$CACHE/cargo-deny-target" \
      cargo install --quiet --locked cargo-deny --version "$version" --root "$folder"
    rm -rf "$CACHE/cargo-deny-target"
  fi
}

choose_toolchain
