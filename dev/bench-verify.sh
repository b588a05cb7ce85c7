#!/usr/bin/env bash
# Measures `fullsend verify` beside `cosign verify`, in alternating runs on the same machine, image
# and registry, by key and keyless, and with a delay before each of the registry's answers.
# `make bench-verify` calls it; it is never a test.
#
#   RUNS=15        alternating runs of each
#   DELAY=50       milliseconds before each answer, in the second part
#   FULLSEND=FILE  measures this program instead of a release build
source "$(dirname "$0")/lib.sh"

# A decimal point, whatever the language.
export LC_ALL=C.UTF-8
: "${RUNS:=15}" "${DELAY:=50}" "${FULLSEND:=}"
here=$repository/dev
work='' image='' slow=''
identity=https://github.com/acme/agent/.github/workflows/release.yml@refs/tags/v1.0.0
issuer=https://token.actions.githubusercontent.com
by_key=(--key keys/cosign.pub)
by_identity=(--certificate-identity "$identity" --certificate-oidc-issuer "$issuer"
  --trusted-root trusted_root.json)

main() {
  if [[ -z ${FULLSEND_TEST_REGISTRY:-} ]]; then
    build
    exec env FULLSEND="$FULLSEND" "$here/with-registry.sh" "$0"
  fi
  have /usr/bin/time || die "GNU time is not installed" "sudo apt-get install time"
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-bench.XXXXXX")
  trap 'end_slow_registry; rm -rf "$work"' EXIT
  cd "$work"
  unset CI GITHUB_ACTIONS GITLAB_CI
  cp "$FULLSEND" fullsend
  cp "$CARGO_TARGET_DIR/debug/fullsend-testkit" .
  PATH=$work:$PATH
  fullsend-testkit keygen keys
  machine
  printf '%-24s%12s%12s%10s\n' '' fullsend cosign ratio
  local_registry
  slow_registry
}

build() {
  cd "$repository"
  cargo build --locked --bin fullsend-testkit --package fullsend-testkit
  [[ -z $FULLSEND ]] || return 0
  say "building the release binary"
  cargo build --locked --release --bin fullsend --package fullsend
  FULLSEND=$CARGO_TARGET_DIR/release/fullsend
}

machine() {
  printf 'machine  %s processors, kernel %s, %s, %s\n' "$(nproc)" "$(uname -r)" \
    "cosign $(cosign version 2>&1 | sed -n 's/^GitVersion: *//p')" "$(date -u +%F)"
  printf 'runs     %s of each, alternating; medians, and the median of the pairs'"'"' ratios\n' "$RUNS"
}

# Pushes a new image to $1, signs it as the rest of the line says, and names it in $image.
signed() {
  local registry=$1
  shift
  image=$(fullsend-testkit image --tag "$registry/bench/agent:$RANDOM" --label "number=$RANDOM" \
    --file "$here/lib.sh=lib.sh")
  fullsend-testkit sign "$image" "$@"
}

local_registry() {
  signed "$FULLSEND_TEST_REGISTRY" --key keys/cosign.key
  whole "by key" "${by_key[@]}"
  signed "$FULLSEND_TEST_REGISTRY" --identity "$identity" --issuer "$issuer" \
    --trusted-root trusted_root.json
  whole keyless "${by_identity[@]}"
}

# Wall time, processor time and memory.
whole() {
  local name=$1
  shift
  compare "$image" "$@"
  row "$name, wall ms" 1000 wall
  row "$name, CPU ms" 1000 cpu
  row "$name, peak MiB" 1024 peak
}

slow_registry() {
  start_slow_registry
  local format
  for format in bundle fallback-tag legacy; do
    signed "$slow" --key keys/cosign.key --format "$format"
    # cosign takes a name with a tag or with a digest, not with both.
    compare "${image%@*}" "${by_key[@]}"
    row "$DELAY ms, $format, tag" 1000 wall
    compare "${image%:*@*}@${image#*@}" "${by_key[@]}"
    row "  by digest" 1000 wall
  done
}

start_slow_registry() {
  coproc SLOW { fullsend-testkit registry --delay "$DELAY"; }
  read -r slow <&"${SLOW[0]}"
}

# It ends with its standard input.
end_slow_registry() {
  [[ -z $slow ]] || eval "exec ${SLOW[1]}>&-"
}

# Verifies the image $1 by the rest of the line, by turns with both programs.
compare() {
  local i ours theirs image=$1
  shift
  ours=(fullsend verify "$image" --platform linux/amd64 "$@")
  theirs=(cosign verify "$image" "$@")
  if [[ $1 == --key ]]; then
    ours+=(--insecure-ignore-tlog)
    theirs+=(--insecure-ignore-tlog=true)
  fi
  rm -f ./*.wall ./*.cpu ./*.peak
  for ((i = 0; i <= RUNS; i++)); do
    measured fullsend "${ours[@]}"
    measured cosign "${theirs[@]}"
    # The first round warms the caches of both.
    ((i > 0)) || rm -f ./*.wall ./*.cpu ./*.peak
  done
}

# Runs the command and adds microseconds of wall and processor time, and KiB, to files of $1.
measured() {
  local name=$1 begin took TIMEFORMAT='%3U %3S'
  shift
  begin=${EPOCHREALTIME/./}
  took=$({ time /usr/bin/time -f %M -o memory "$@" </dev/null >log 2>&1; } 2>&1) || {
    cat log >&2
    die "failed: $*"
  }
  echo $((${EPOCHREALTIME/./} - begin)) >>"$name.wall"
  awk '{print ($1 + $2) * 1e6}' <<<"$took" >>"$name.cpu"
  cat memory >>"$name.peak"
}

# One line of the table: the files of kind $3, in units of $2.
row() {
  printf '%-24s%12s%12s%10s\n' "$1" "$(median "fullsend.$3" "$2")" "$(median "cosign.$3" "$2")" \
    "$(paste "fullsend.$3" "cosign.$3" | awk '{print $1 / $2}' | middle | awk '{printf "%.2f", $1}')"
}

median() { middle <"$1" | awk -v unit="$2" '{printf "%.1f", $1 / unit}'; }

middle() { sort -g | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

main "$@"
