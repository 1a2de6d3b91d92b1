# Shared by the scripts: where things are, how to speak, which compiler builds the contract. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
# What happened, then what to do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '       %s\n' "$2" >&2
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# A shell whose HOME was changed still has the toolchain of the account's own home.
if [ -z "${RUSTUP_HOME:-}" ] && [ ! -d "$HOME/.rustup" ]; then
  account_home=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)
  if [ -n "$account_home" ] && [ -d "$account_home/.rustup" ]; then
    export RUSTUP_HOME="$account_home/.rustup"
    export PATH="$PATH:$account_home/.cargo/bin"
  fi
fi
have cargo || [ ! -x "$HOME/.cargo/bin/cargo" ] || export PATH="$PATH:$HOME/.cargo/bin"

# The version that rust-toolchain.toml pins.
toolchain() { sed -n 's/^channel = "\(.*\)"/\1/p' "$root/rust-toolchain.toml"; }

wasm_target=wasm32-unknown-unknown

# Whether the pinned toolchain has the sources of the standard library, which the contract compiles itself.
rustup_builds_wasm() {
  local sysroot
  sysroot=$(cd "$root" && rustc --print sysroot 2>/dev/null) || return 1
  [ -f "$sysroot/lib/rustlib/src/rust/library/Cargo.lock" ]
}

# Whether Debian's compiler, its sources and a wasm linker are there.
debian_builds_wasm() {
  [ -x /usr/bin/cargo ] && [ -x /usr/bin/rustc ] && have wasm-ld \
    && [ -f "$(/usr/bin/rustc --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]
}

# rustup or debian: what builds the contract here; nothing if neither does.
wasm_route() {
  case "${CHARTSEAL_WASM_ROUTE:-}" in
    rustup | debian) echo "$CHARTSEAL_WASM_ROUTE" ;;
    '') if rustup_builds_wasm; then echo rustup; elif debian_builds_wasm; then echo debian; fi ;;
    *) die "CHARTSEAL_WASM_ROUTE is '$CHARTSEAL_WASM_ROUTE'" "set it to rustup or debian, or leave it unset" ;;
  esac
}

# start_devnode BINARY FOLDER: runs a devnode on a free port, with banner and log in the folder; sets `devnode` to its
# process and `endpoint` to its address.
start_devnode() {
  : >"$2/banner"
  "$1" --port 0 >>"$2/banner" 2>"$2/log" &
  devnode=$!
  for _ in {1..100}; do
    endpoint=$(sed -n 's/^JSON-RPC *//p' "$2/banner")
    [ -z "$endpoint" ] || return 0
    kill -0 "$devnode" 2>/dev/null || break
    sleep 0.1
  done
  cat "$2/log" >&2
  die "the devnode did not start" "read its log above"
}
stop_devnode() {
  [ -n "${devnode:-}" ] || return 0
  kill "$devnode" 2>/dev/null || true
  wait "$devnode" || true
}
