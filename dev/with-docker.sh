#!/usr/bin/env bash
# Runs a command with a Docker daemon: dev/with-docker.sh [--own] COMMAND...
#
# The daemon that answers is used as it is. Where none does, and with --own always, one is
# started (root or sudo): its own folders, socket and bridge, no rule in the machine's firewall.
# DOCKER_HOST names it, and nothing of it is left afterwards.
source "$(dirname "$0")/lib.sh"

own='' folder='' launcher='' daemon='' bridge=''

main() {
  if [[ ${1:-} == --own ]]; then
    own=yes
    shift
  fi
  (($#)) || die "no command" "dev/with-docker.sh [--own] COMMAND..."
  if [[ -z $own ]] && docker version >/dev/null 2>&1; then
    exec "$@"
  fi
  [[ -n $own || -z ${DOCKER_HOST:-} ]] || die "no Docker daemon answers at DOCKER_HOST=$DOCKER_HOST"
  can_be_root || refuse_user
  with_server start clean_up "$@"
}

refuse_user() {
  local socket=/var/run/docker.sock
  if [[ -S $socket && ! -w $socket ]]; then
    die "you may not use $socket" "try: sudo usermod --append --groups docker $USER, then log in again"
  fi
  die "no Docker daemon answers, and only root can start one" "try: sudo systemctl start docker"
}

start() {
  have dockerd || die "dockerd is not installed" "dev/setup.sh run"
  cgroups_ready || as_root cgroupfs-mount
  folder=$(mktemp -d /tmp/fullsend-docker.XXXXXX)
  add_bridge
  export DOCKER_HOST=unix://$folder/docker.sock
  # No firewall rules: containers reach this machine and each other, which is all that the tests
  # need, and nothing has to be taken back.
  as_root setsid dockerd --host "$DOCKER_HOST" --group "$(id -g)" \
    --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/docker.pid" \
    --bridge "$bridge" --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false \
    >"$folder/log" 2>&1 &
  launcher=$!
  wait_for 60 answers_or_dead "$launcher" docker version || true
  # Not the launcher, which may be sudo or a shell.
  daemon=$(as_root cat "$folder/docker.pid" 2>/dev/null) || true
  docker version >/dev/null 2>&1 || die_with_log "$folder/log" "dockerd did not start"
  say "started a Docker daemon of our own ($DOCKER_HOST)"
}

# A bridge of a free private network: a second daemon on docker0 would hand out the first one's
# addresses.
add_bridge() {
  local number
  for number in $(shuf -i 16-250); do
    ip route show | grep -q "10\.213\.$number\." && continue
    bridge=fullsend$number
    as_root ip link add "$bridge" type bridge 2>/dev/null || continue
    as_root ip address add "10.213.$number.1/24" dev "$bridge"
    as_root ip link set "$bridge" up
    return
  done
  die "no network is free for a bridge"
}

clean_up() {
  local mount
  if [[ -n $daemon ]]; then
    docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1 || true
    end_process "$daemon" as_root
    end_leftovers
  fi
  [[ -z $bridge ]] || as_root ip link delete "$bridge" 2>/dev/null || true
  if [[ -n $folder ]]; then
    # Deepest first.
    awk -v prefix="$folder/" 'index($5, prefix) == 1 {print $5}' /proc/self/mountinfo | sort -r |
      while read -r mount; do as_root umount -l "$mount" || true; done
    as_root rm -rf "$folder"
  fi
}

# A daemon that had to be killed leaves its containerd behind.
end_leftovers() {
  local pid
  pid=$(as_root cat "$folder/exec/containerd/containerd.pid" 2>/dev/null) || return 0
  if as_root grep -qzF "$folder" "/proc/$pid/cmdline" 2>/dev/null; then
    end_process "$pid" as_root
  fi
}

main "$@"
