#!/usr/bin/env bash
# Measures `fullsend validate` beside actionlint and zizmor, in alternating runs over the same
# workflows; `make bench-validate` calls it; it is never a test.
#
#   FOLDER=DIR     workflows to judge, at any depth; without it the ones that `generate` made are
#                  copied until there are enough
#   RUNS=7         alternating runs of each
#   FULLSEND=FILE  measures this program instead of a release build
source "$(dirname "$0")/lib.sh"

# A decimal point, whatever the language.
export LC_ALL=C.UTF-8
: "${RUNS:=7}" "${FOLDER:=}" "${FULLSEND:=}"
work=''

main() {
  build
  have /usr/bin/time || die "GNU time is not installed" "sudo apt-get install time"
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-bench.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  unset CI GITHUB_ACTIONS GITLAB_CI
  printf 'machine  %s processors, kernel %s, %s\n' "$(nproc)" "$(uname -r)" "$(date -u +%F)"
  printf 'runs     %s of each, alternating; medians; actionlint without shellcheck\n' "$RUNS"
  printf '%-12s%14s%14s%14s\n' workflows fullsend actionlint zizmor
  local count
  for count in 100 1000 10000; do
    compare "$count"
  done
  runners
}

build() {
  cd "$repository"
  [[ -z $FULLSEND ]] || return 0
  say "building the release binary"
  cargo build --locked --release --bin fullsend --package fullsend
  FULLSEND=$CARGO_TARGET_DIR/release/fullsend
}

# Lays $1 workflows into $work/$1.
lay() {
  local count=$1 number=0 source sources
  local folder=$work/$count/.github/workflows
  mkdir -p "$folder"
  git -C "$work/$count" init --quiet
  mapfile -t sources < <(find "${FOLDER:-$repository/tests/integration/generate/snapshots}" \
    -path '*.github/workflows/*' -name '*.y*ml' -size -200k | sort)
  ((${#sources[@]})) || die "no workflow below $FOLDER"
  while ((number < count)); do
    for source in "${sources[@]}"; do
      ((number < count)) || break
      cp "$source" "$folder/$number.yml"
      ((++number))
    done
  done
}

compare() {
  local count=$1 run
  lay "$count"
  cd "$work/$count"
  for ((run = 0; run < RUNS; run++)); do
    timed fullsend "$FULLSEND" validate --format json
    timed actionlint actionlint -no-color -oneline -shellcheck= -pyflakes=
    # Ten thousand take it a minute.
    ((count > 1000)) || timed zizmor zizmor --offline --no-progress --format json .
  done
  printf '%-12s%14s%14s%14s\n' "$count" "$(median fullsend)" "$(median actionlint)" \
    "$( ((count > 1000)) || median zizmor)"
  rm -f "$work"/times.*
}

# Runs the rest, and keeps its seconds and MiB as $1's.
timed() {
  local name=$1
  shift
  /usr/bin/time --quiet --format '%e %M' --append --output "$work/times.$name" "$@" >/dev/null 2>&1 || true
}

median() {
  sort -n "$work/times.$1" | awk '{t[NR] = $1; m = $2 > m ? $2 : m}
    END {printf "%.3f s %d MiB", t[int((NR + 1) / 2)], m / 1024}'
}

# A config.toml of 200 runners.
runners() {
  local number run
  mkdir -p "$work/runners"
  cd "$work/runners"
  printf 'concurrent = 200\n' >config.toml
  for ((number = 0; number < 200; number++)); do
    printf '\n[[runners]]\n  name = "r%s"\n  url = "https://gitlab.example.com"\n  executor = "docker"\n' "$number"
    printf '  [runners.docker]\n    image = "busybox:1.36"\n    memory = "2g"\n    pull_policy = "always"\n'
  done >>config.toml
  for ((run = 0; run < RUNS; run++)); do
    timed fullsend "$FULLSEND" validate config.toml
  done
  printf '%-12s%14s\n' '200 runners' "$(median fullsend)"
}

main "$@"
