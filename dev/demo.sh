#!/usr/bin/env bash
# The demo: builds fullsend, makes a few small images, signs all but one, and runs an agent to
# each kind of end, checking exit code and report of every one. `make demo` calls it.
source "$(dirname "$0")/lib.sh"

here=$repository/dev
work='' started='' signed='' unsigned='' results=() failures=0

main() {
  if [[ -z ${FULLSEND_TEST_REGISTRY:-} ]]; then
    build
    exec "$here/with-docker.sh" "$here/with-registry.sh" "$0"
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-demo.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # One stream, in order, also through a pipe.
  exec 2>&1
  # Outside any CI job, whatever this one is: no log markers, no step summary of somebody's job.
  unset CI GITHUB_ACTIONS GITHUB_OUTPUT GITHUB_STEP_SUMMARY GITLAB_CI
  # Another run may replace them while this one is under way.
  cp "$CARGO_TARGET_DIR/debug/fullsend" "$CARGO_TARGET_DIR/debug/fullsend-testkit" .
  PATH=$work:$PATH

  make_images
  write_configuration
  show_signed
  show_unsigned
  show_ends
  show_cosign
  show_nothing_left
  summary
}

build() {
  say "building fullsend (the first time takes some minutes)"
  (cd "$repository" && cargo build --locked --bin fullsend --package fullsend \
    --bin fullsend-testkit --package fullsend-testkit)
}

make_images() {
  heading "Two images of the same files; the first is signed, the second is not"
  cat >agent <<'SH'
#!/bin/sh
echo "agent: hello from $(hostname), user $(id -u), pid 1 is $(cat /proc/1/comm)"
echo "agent: I found a problem and say so with exit code 7"
exit 7
SH
  run fullsend-testkit keygen keys
  cp keys/cosign.pub .
  signed=$(image signed)
  unsigned=$(image unsigned)
  run fullsend-testkit sign "$signed" --key keys/cosign.key
}

image() {
  run fullsend-testkit image --tag "$FULLSEND_TEST_REGISTRY/agents/$1:1.0.0" \
    --file "$FULLSEND_DEV_CACHE/bin/busybox-static=bin/busybox:755" --link bin/sh=busybox \
    --file agent=bin/agent:755 --label "demo=$1" --env PATH=/bin --cmd /bin/agent
}

write_configuration() {
  cat >fullsend.yaml <<YAML
version: 1
image: $signed
verify:
  - match: $FULLSEND_TEST_REGISTRY/agents/*
    any:
      - key: cosign.pub
        insecure_ignore_tlog: true   # signed offline, for this demo
agents:
  hello: {memory: 64MiB, command: [/bin/agent]}
  stranger: {memory: 64MiB, image: "$unsigned"}
  greedy: {memory: 32MiB, command: [/bin/busybox, tail, /dev/zero]}
  slow: {memory: 64MiB, timeout: 2s, grace: 1s, command: [/bin/busybox, sleep, "600"]}
  crash: {memory: 64MiB, command: [/bin/sh, -c, "kill -SEGV \$\$"]}
  absent: {memory: 64MiB, command: [/bin/no-such-agent]}
YAML
  heading "fullsend.yaml"
  sed 's/^/    /' fullsend.yaml
}

show_signed() {
  started=$(date +%s.%N)
  heading "A signed image: proven first, then run; the agent's own exit code comes through"
  expect 0 '"verdict":"verified"' 'signature verified' fullsend verify "$signed" --format json
  expect_exec hello 7 '"kind":"exited","code":7' 'signed image'
}

show_unsigned() {
  local since events images
  heading "An unsigned image: refused before a byte of it was pulled"
  since=$(date +%s.%N)
  expect_exec stranger 10 '"kind":"refused","verdict":"unsigned"' 'unsigned image'
  events=$(events_about unsigned "$since")
  note "the Docker daemon's events about it: $events (about the signed one: $(events_about signed "$started"))"
  images=$(docker image ls --format '{{.Repository}}' | grep -c "^$FULLSEND_TEST_REGISTRY/agents/unsigned" || true)
  note "the Docker daemon's images of it:    $images"
  record "nothing of it pulled or created" "0 events" "$events events" '' \
    "$((events + images == 0))"
}

events_about() {
  docker events --since "$2" --until "$(date +%s.%N)" |
    grep -c "$FULLSEND_TEST_REGISTRY/agents/$1" || true
}

show_ends() {
  heading "Killed for memory"
  expect_exec greedy 137 '"kind":"oom_agent"' 'killed for memory'
  heading "Out of time"
  expect_exec slow 124 '"kind":"timeout"' 'time-out'
  heading "A crash"
  expect_exec crash 139 '"kind":"signaled","signal":11' 'crash'
  heading "No such command"
  expect_exec absent 125 '"kind":"launch_failed","reason":"command_not_found"' 'no such command'
}

show_cosign() {
  local other
  if ! have cosign; then
    note "cosign is not installed: its signature is left out (dev/setup.sh interop builds it)"
    return
  fi
  heading "cosign beside us: its signature is ours to verify, and ours is its"
  export COSIGN_PASSWORD=''
  quiet cosign generate-key-pair --output-key-prefix real
  other=$(image by-cosign)
  quiet cosign sign --key real.key --tlog-upload=false --use-signing-config=false -y "${other/:1.0.0@/@}"
  expect 0 '"verdict":"verified"' "cosign's signature" \
    fullsend verify "$other" --key real.pub --insecure-ignore-tlog --format json
  expect 12 '"verdict":"untrusted"' "cosign's, by another key" \
    fullsend verify "$other" --key cosign.pub --insecure-ignore-tlog --format json
  expect 0 'docker-manifest-digest' "our kit's, by cosign" \
    cosign verify --key cosign.pub --insecure-ignore-tlog=true "${signed/:1.0.0@/@}"
}

show_nothing_left() {
  local left
  left=$(docker ps -a --format '{{.Image}}' | grep -c "^$FULLSEND_TEST_REGISTRY/" || true)
  record "containers left behind" 0 "$left" '' "$((left == 0))"
}

# Runs `fullsend exec` of the agent $1; $2 is the exit code and $3 the part of the report's outcome
# that must come of it, $4 its name in the summary.
expect_exec() {
  local agent=$1 code=$2 outcome=$3 name=$4 status=0 found
  run fullsend exec "$agent" --report "$agent.json" </dev/null || status=$?
  found=$(compact "$agent.json" | sed -n 's/.*"outcome":\({[^}]*}\).*/\1/p')
  note "exit code $status, report: $found"
  judge "$name" "$code" "$status" "$outcome" "$found"
}

# The same for any command whose standard output must hold $2.
expect() {
  local code=$1 text=$2 name=$3 status=0 found
  shift 3
  run "$@" >output || status=$?
  found=$(compact output | grep -oF -- "$text" | head -n 1 || true)
  note "exit code $status, said: $found"
  judge "$name" "$code" "$status" "$text" "$found"
}

judge() {
  local good=0
  [[ $2 == "$3" && $5 == *"$4"* ]] && good=1
  record "$1" "exit $2" "exit $3" "$5" "$good"
}

record() {
  local mark="${green}ok${reset}  "
  if [[ $5 != 1 ]]; then
    mark="${red}FAIL${reset}"
    failures=$((failures + 1))
  fi
  results+=("$(printf '  %s  %-32s %-10s %-10s %s' "$mark" "$1" "$2" "$3" "$4")")
}

# JSON without the white space between its parts.
compact() { tr -d '\n' <"$1" 2>/dev/null | sed -E 's/([{,:[]) +/\1/g; s/ +([]}])/\1/g'; }

heading() { printf '\n%s%s%s\n' "$bold" "$*" "$reset" >&2; }
note() { printf '%s    %s%s\n' "$dim" "$*" "$reset" >&2; }

run() {
  printf '%s  $ %s%s\n' "$dim" "$*" "$reset" >&2
  "$@"
}

# For a tool whose words are only of interest when it fails.
quiet() {
  printf '%s  $ %s%s\n' "$dim" "$*" "$reset" >&2
  "$@" >log 2>&1 || {
    cat log >&2
    return 1
  }
}

summary() {
  heading "Summary"
  printf '        %-32s %-10s %-10s %s\n' '' expected got outcome >&2
  printf '%s\n' "${results[@]}" >&2
  ((failures == 0)) || die "$failures of ${#results[@]} expectations failed"
  printf '\n%sall %d expectations held%s\n' "$green" "${#results[@]}" "$reset" >&2
}

main "$@"
