#!/usr/bin/env bash
# Measures `fullsend exec` beside `docker run` and `cosign verify && docker run`, in alternating
# runs on the same machine, image and limits. `make bench` calls it; it is never a test.
#
#   RUNS=15     alternating runs
#   BYTES=512M  how much the throughput agent writes
source "$(dirname "$0")/lib.sh"

# A decimal point, whatever the language.
export LC_ALL=C.UTF-8
: "${RUNS:=15}" "${BYTES:=512M}"
here=$repository/dev
work='' image=''
# The same limits and hardening that the configuration below asks of us.
docker_run=(docker run --rm --log-driver none --network none --cpus 1 --memory 256m
  --memory-swap 256m --pids-limit 512 --cap-drop ALL --security-opt no-new-privileges)

main() {
  if [[ -z ${FULLSEND_TEST_REGISTRY:-} ]]; then
    say "building the release binary"
    (cd "$repository" && cargo build --locked --release --bin fullsend --package fullsend &&
      cargo build --locked --bin fullsend-testkit --package fullsend-testkit)
    exec "$here/with-docker.sh" "$here/with-registry.sh" "$0"
  fi
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-bench.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  unset CI GITHUB_ACTIONS GITHUB_OUTPUT GITHUB_STEP_SUMMARY GITLAB_CI
  cp "$CARGO_TARGET_DIR/release/fullsend" "$CARGO_TARGET_DIR/debug/fullsend-testkit" .
  PATH=$work:$PATH
  prepare
  machine
  start_up
  launch
  init_cost
  memory
  output
  round_trip
  at_once
}

prepare() {
  fullsend-testkit keygen keys
  image=$(fullsend-testkit image --tag "$FULLSEND_TEST_REGISTRY/bench/agent:1.0.0" \
    --file "$FULLSEND_DEV_CACHE/bin/busybox-static=bin/busybox:755" --link bin/sh=busybox)
  # docker takes a name with a digest or with a tag, not with both.
  image=${image/:1.0.0@/@}
  fullsend-testkit sign "$image" --key keys/cosign.key
  docker pull --quiet "$image" >/dev/null
  cat >fullsend.yaml <<YAML
version: 1
image: "$image"
verify:
  - {match: "$FULLSEND_TEST_REGISTRY/**", key: keys/cosign.pub, insecure_ignore_tlog: true}
agents:
  bench: {cpus: 1.0, memory: 256MiB, pids: 512, timeout: 5m, network: none}
YAML
  head -c 50M /dev/urandom >input
}

machine() {
  printf 'machine      %s processors, kernel %s, docker %s, %s\n' "$(nproc)" "$(uname -r)" \
    "$(docker version --format '{{.Server.Version}}')" "$(date -u +%F)"
  printf 'binary       %s bytes\n' "$(stat -c %s fullsend)"
}

start_up() {
  local i
  for ((i = 0; i < RUNS; i++)); do timed version fullsend --version; done
  printf -- '--version    %s ms\n' "$(median version)"
}

launch() {
  local i
  for ((i = 0; i <= RUNS; i++)); do
    timed exec fullsend exec bench -- /bin/busybox true
    timed docker "${docker_run[@]}" "$image" /bin/busybox true
    ! have cosign || timed cosign verify_then_run
    # The first round warms the caches of all three.
    ((i > 0)) || rm -f exec docker cosign
  done
  printf 'launch       exec %s ms, docker run %s ms, exec/docker %s\n' \
    "$(median exec)" "$(median docker)" "$(ratio exec docker)"
  ! have cosign || printf '             cosign verify && docker run %s ms, exec/both %s\n' \
    "$(median cosign)" "$(ratio exec cosign)"
}

# What PID 1 of ours adds, by docker alone: the same container with and without it in front.
init_cost() {
  local i init
  init=$(find "$CARGO_TARGET_DIR/release/build" -path "*/$(uname -m)-*-musl/init/fullsend-init" \
    -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d ' ' -f 2)
  cp "$init" init
  for ((i = 0; i < RUNS; i++)); do
    timed with-init "${docker_run[@]}" --volume "$work/init:/run/fullsend/init:ro" \
      --entrypoint /run/fullsend/init "$image" run --timeout-ms 60000 --grace-ms 1000 -- \
      /bin/busybox true
    timed without-init "${docker_run[@]}" "$image" /bin/busybox true
  done
  printf 'init         with %s ms, without %s ms\n' "$(median with-init)" "$(median without-init)"
}

verify_then_run() {
  cosign verify --key keys/cosign.pub --insecure-ignore-tlog=true "$image" &&
    "${docker_run[@]}" "$image" /bin/busybox true
}

# The kernel's own high-water mark, read while the agent sleeps.
memory() {
  local pid
  fullsend exec bench -- /bin/busybox sleep 2 >/dev/null 2>&1 &
  pid=$!
  sleep 1.5
  printf 'exec memory  %s kB at most\n' "$(awk '/VmHWM/ {print $2}' "/proc/$pid/status")"
  wait "$pid"
}

output() {
  local i command=(/bin/busybox dd if=/dev/zero bs=1M "count=${BYTES%M}")
  for ((i = 0; i < 5; i++)); do
    timed out fullsend exec bench -- "${command[@]}"
    timed out-docker "${docker_run[@]}" "$image" "${command[@]}"
  done
  printf 'stdout       exec %s MiB/s, docker run %s MiB/s (launch included)\n' \
    "$(rate "${BYTES%M}" out)" "$(rate "${BYTES%M}" out-docker)"
}

round_trip() {
  local i
  for ((i = 0; i < 5; i++)); do
    timed both through fullsend exec bench -- /bin/busybox cat
    timed both-docker through "${docker_run[@]}" -i "$image" /bin/busybox cat
  done
  printf 'in and out   exec %s MiB/s, docker run %s MiB/s, 50 MiB byte for byte, docker/exec time %s\n' \
    "$(rate 50 both)" "$(rate 50 both-docker)" "$(ratio both-docker both)"
}

# shellcheck disable=SC2094 # both only read it
through() { "$@" <input | cmp - input; }

at_once() {
  local i right=0 pids=()
  for i in {1..20}; do
    fullsend exec bench --report "report-$i" -- /bin/sh -c "exit $i" </dev/null >/dev/null 2>&1 &
    pids+=("$!")
  done
  for i in {1..20}; do
    local status=0
    wait "${pids[i - 1]}" || status=$?
    if ((status == i)) && tr -d ' \n' <"report-$i" |
      grep -q "\"outcome\":{\"kind\":\"exited\",\"code\":$i}"; then
      right=$((right + 1))
    fi
  done
  printf '20 at once   %s of 20 reports right\n' "$right"
}

# Runs the command and adds its wall time in microseconds to the file $1.
timed() {
  local name=$1 begin=${EPOCHREALTIME/./}
  shift
  "$@" </dev/null >/dev/null 2>log || {
    cat log >&2
    die "failed: $*"
  }
  echo $((${EPOCHREALTIME/./} - begin)) >>"$name"
}

# In milliseconds.
median() { sort -n "$1" | awk '{v[NR] = $1} END {printf "%.1f", v[int((NR + 1) / 2)] / 1000}'; }

rate() { sort -n "$2" | awk -v n="$1" '{v[NR] = $1} END {printf "%.0f", n * 1e6 / v[int((NR + 1) / 2)]}'; }

# The median of the pairs' ratios, each of two neighbouring runs.
ratio() {
  paste "$1" "$2" | awk '{print $1 / $2}' | sort -n |
    awk '{v[NR] = $1} END {printf "%.2f", v[int((NR + 1) / 2)]}'
}

main "$@"
