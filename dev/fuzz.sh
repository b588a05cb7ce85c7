#!/usr/bin/env bash
# Runs every fuzz target for a while, and prints how many inputs each has tried.
#
#   dev/fuzz.sh            310 seconds each
#   dev/fuzz.sh 60         60 seconds each
#   dev/fuzz.sh 60 digest  60 seconds of one
#
# What a run learns stays in fuzz/target, and the next one goes on from there. An input that
# breaks a target is kept in fuzz/artifacts, ends the run, and becomes a test.
source "$(dirname "$0")/lib.sh"

# The compiler of the day on which the targets were written: libFuzzer needs a nightly one.
nightly="nightly-2026-10-30"
cargo_fuzz=0.13.2

main() {
  local seconds=${1:-310} target targets=("${@:2}")
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "not a number of seconds: $seconds" "dev/fuzz.sh 60"
  cd "$repository"
  # Its own folder: other flags, another compiler.
  unset CARGO_TARGET_DIR
  install
  ((${#targets[@]})) || mapfile -t targets < <(cargo "+$nightly" fuzz list)
  cargo "+$nightly" fuzz build
  for target in "${targets[@]}"; do
    run "$target" "$seconds"
  done
}

install() {
  "$repository/dev/setup.sh" build
  rustup run "$nightly" rustc --version >/dev/null 2>&1 ||
    rustup toolchain install --no-self-update --profile minimal "$nightly" \
      --target x86_64-unknown-linux-musl,aarch64-unknown-linux-musl
  [[ $(cargo fuzz --version 2>/dev/null) == "cargo-fuzz $cargo_fuzz" ]] || {
    say "building cargo-fuzz $cargo_fuzz (once)"
    cargo install --quiet --locked "cargo-fuzz@$cargo_fuzz"
  }
}

# Seeds are read and never written: what is found lies beside the build.
run() {
  local target=$1 seconds=$2 corpus=fuzz/target/corpus/$1 dictionary=fuzz/dictionaries/$1 log
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1)
  log=$(mktemp)
  mkdir -p "$corpus"
  [[ ! -e $dictionary ]] || options+=("-dict=$dictionary")
  if ! cargo "+$nightly" fuzz run "$target" "$corpus" "fuzz/seeds/$target" -- "${options[@]}" \
    >"$log" 2>&1; then
    die_with_log "$log" "$target is broken by an input in fuzz/artifacts/$target"
  fi
  printf '%-18s%s executions in %s seconds\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" "$seconds"
  rm -f "$log"
}

main "$@"
