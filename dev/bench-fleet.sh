#!/usr/bin/env bash
# Measures the verbs of a fleet before the test kit's forge on loopback: requests, the kernel's peak
# of memory, seconds. `make bench-fleet` calls it; it is never a test.
#
#   COUNT=1000     repositories that are enrolled
#   PLANNED=10000  repositories whose enrolment is planned
#   DELAY=50       milliseconds that the forge and the registry wait before each answer
#   FULLSEND=FILE  measures this program instead of a release build
source "$(dirname "$0")/lib.sh"

# A decimal point, whatever the language.
export LC_ALL=C.UTF-8
: "${COUNT:=1000}" "${PLANNED:=10000}" "${DELAY:=50}" "${FULLSEND:=}"
old=1.4.2 new=1.5.0
policy=(--key cosign.pub --insecure-ignore-tlog)
work='' registry='' forge='' url='' servers=()
declare -A images

main() {
  build
  have /usr/bin/time || die "GNU time is not installed" "sudo apt-get install time"
  with_server prepare stop measure
}

build() {
  cd "$repository"
  say "building the release binary and the servers"
  cargo build --locked --release --bin fullsend-testkit --package fullsend-testkit
  [[ -z $FULLSEND ]] || return 0
  cargo build --locked --release --bin fullsend --package fullsend
  FULLSEND=$CARGO_TARGET_DIR/release/fullsend
}

prepare() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-bench.XXXXXX")
  cd "$work"
  unset CI GITHUB_ACTIONS GITLAB_CI GITHUB_API_URL GITHUB_SERVER_URL
  export HOME=$work GITHUB_TOKEN=t0ken
  cp "$CARGO_TARGET_DIR/release/fullsend-testkit" .
  cp "$FULLSEND" fullsend
  launch_server registry ./fullsend-testkit registry --delay "$DELAY"
  registry=$address
  sign_images
}

stop() {
  local server
  for server in "${servers[@]}"; do end_process "$server"; done
  rm -rf "$work"
}

sign_images() {
  ./fullsend-testkit keygen keys >/dev/null
  cp keys/cosign.pub .
  local tag image
  for tag in $old $new; do
    image=$(./fullsend-testkit image --tag "$registry/acme/agent-sandbox:$tag" --label "tag=$tag")
    ./fullsend-testkit sign "$image" --key keys/cosign.key >/dev/null
    images[$tag]=$registry/acme/agent-sandbox:$tag@${image##*@}
  done
}

# A forge of $1 repositories besides the fleet's own, which answers after $2 milliseconds.
found() {
  python3 - "$1" "$(fleet)" >scenario.json <<'PY'
import json, sys
print(json.dumps({"owner": "acme", "tokens": {"octocat": "t0ken"}, "made_up": int(sys.argv[1]),
                  "repositories": {"fleet": {"files": {"fleet.yaml": sys.argv[2]}}}}))
PY
  launch_server "forge_$1" ./fullsend-testkit forge scenario.json --delay "$2"
  url=$address
  forge=${servers[-1]}
  to_forge=$input from_forge=$output
}

fleet() {
  cat <<YAML
version: 1
forge: {kind: github, owner: acme}
action: fullsend-ai/sandbox@0123456701234567012345670123456701234567 # v1.4.0
image: ${images[$old]}
approved:
  - action: fullsend-ai/sandbox@7654321076543210765432107654321076543210 # v1.5.0
    image: ${images[$new]}
rings:
  canary: {repositories: [service-0000, service-0006]}
  stable: {}
YAML
}

# What people and runners do meanwhile, and what is said of it.
people() {
  echo "$*" >&"$to_forge"
  read -r -t 60 said <&"$from_forge" || die "the forge is gone"
}

measure() {
  printf 'machine  %s processors, kernel %s, %s\n' "$(nproc)" "$(uname -r)" "$(date -u +%F)"
  printf 'before   a forge of %s repositories; %s ms before each answer\n' "$COUNT" "$DELAY"
  printf '%-34s%10s%10s%8s\n' '' requests seconds MiB
  found "$COUNT" "$DELAY"
  timed 'status, nothing enrolled' status
  timed enroll enroll
  people merge
  people runs passed 3
  people count
  timed 'status, all enrolled' status
  timed 'status --runs, the first time' status --runs
  timed 'status --runs' status --runs
  stopped
  end_process "$forge"
  found "$PLANNED" 0
  timed "enroll --dry-run of $PLANNED" enroll --dry-run
}

# Runs the verb of $2 and following, and prints the row $1.
timed() {
  local name=$1 seconds kib
  shift
  run "$@"
  read -r seconds kib <measured
  people count
  printf '%-34s%10s%10s%8s\n' "$name" "$said" "$seconds" "$((kib / 1024))"
}

# `status` ends with 1 where not everything is as it should be.
run() {
  local code=0
  /usr/bin/time --quiet --format '%e %M' --output measured ./fullsend "$@" --fleet acme/fleet \
    --forge-url "$url" >out 2>err || code=$?
  ((code < 2)) || die_with_log err "fullsend $* ended with $code"
}

# From the command to the commit by which nothing new takes the version.
stopped() {
  run upgrade "$new" "${policy[@]}" --via renovate
  local before now began=$EPOCHREALTIME
  before=$(denied)
  run rollback "$old" "${policy[@]}" &
  local verb=$!
  until now=$(denied) && [[ $now != "$before" ]]; do
    ! process_gone "$verb" || die_with_log err "the rollback denied nothing"
    sleep 0.01
  done
  awk -v began="$began" -v ended="$EPOCHREALTIME" \
    'BEGIN {printf "%-34s%10s%10.2f\n", "rollback, until its first stop", "", ended - began}'
  wait "$verb" || die_with_log err "the rollback failed"
}

# The deny list as the forge has it.
denied() {
  curl -sS --noproxy '*' -H "Authorization: Bearer $GITHUB_TOKEN" \
    "$url/repos/acme/fleet/contents/deny.json"
}

main "$@"
