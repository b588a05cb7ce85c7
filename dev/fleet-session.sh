#!/usr/bin/env bash
# A fleet's first week, for docs/fleet-session.txt: enrolment, an upgrade, a canary that dies, and the way
# back by itself; against the test kit's forge and a registry of this machine. Prints the session.
source "$(dirname "$0")/lib.sh"

here=$repository/dev
old=1.4.2 new=1.5.0
declare -A images

main() {
  if [[ -z ${FULLSEND_TEST_REGISTRY:-} ]]; then
    (cd "$repository" && cargo build --quiet --locked --bin fullsend --package fullsend \
      --bin fullsend-testkit --package fullsend-testkit)
    exec "$here/with-registry.sh" "$0"
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-fleet.XXXXXX")
  trap 'kill "$forge" 2>/dev/null || true; rm -rf "$work"' EXIT
  cd "$work"
  exec 2>&1
  unset CI GITHUB_ACTIONS GITHUB_API_URL GITHUB_SERVER_URL
  PATH=$CARGO_TARGET_DIR/debug:$PATH
  export HOME=$work GITHUB_TOKEN=t0ken

  make_releases
  start_forge
  session
}

make_releases() {
  fullsend-testkit keygen keys >/dev/null
  cp keys/cosign.pub .
  local tag
  for tag in $old $new; do
    image=$(fullsend-testkit image --tag "$FULLSEND_TEST_REGISTRY/acme/agent-sandbox:$tag" \
      --file "$FULLSEND_DEV_CACHE/bin/busybox-static=bin/busybox:755" --label "tag=$tag" --cmd /bin/true)
    fullsend-testkit sign "$image" --key keys/cosign.key >/dev/null
    images[$tag]=$FULLSEND_TEST_REGISTRY/acme/agent-sandbox:$tag@${image##*@}
  done
}

start_forge() {
  local fleet
  fleet="version: 1
forge: {kind: github, owner: acme}
action: fullsend-ai/sandbox@0123456701234567012345670123456701234567 # v1.4.0
image: ${images[$old]}
approved:
  - action: fullsend-ai/sandbox@7654321076543210765432107654321076543210 # v1.5.0
    image: ${images[$new]}
rings:
  canary: {repositories: [service-0000, service-0006]}
  early: {percent: 25}
  stable: {}
gates: {runs: 4, repositories: 2}
"
  python3 - "$fleet" >scenario.json <<'PY'
import json, sys
print(json.dumps({"owner": "acme", "tokens": {"octocat": "t0ken"}, "made_up": 12,
                  "repositories": {"fleet": {"files": {"fleet.yaml": sys.argv[1]}}}}))
PY
  mkfifo people
  fullsend-testkit forge scenario.json <people >forge.out &
  forge=$!
  exec 3>people
  until [[ -s forge.out ]]; do sleep 0.1; done
  url=$(head -1 forge.out)
}

# What people and runners do meanwhile.
people() {
  echo "# meanwhile: $*"
  echo "$*" >&3
  sleep 1
}

run() {
  echo
  echo "\$ fullsend $*"
  local code=0
  fullsend "$@" --fleet acme/fleet --forge-url "$url" |
    sed "s#$url#https://github.example#g; s#$FULLSEND_TEST_REGISTRY#registry.example#g" || code=$?
  echo "# exit code $code"
}

session() {
  local policy=(--via direct --key cosign.pub --insecure-ignore-tlog)
  run enroll --via direct
  people merge
  people runs passed 6
  run status
  run upgrade "$new" "${policy[@]}" --auto-rollback
  people runs failed 3
  run upgrade "$new" "${policy[@]}" --auto-rollback
  run status
}

main "$@"
