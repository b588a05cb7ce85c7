# shellcheck shell=bash
# What the scripts of this folder share: where things are, how to speak, how to become root.
# Sourced, never run.

set -euo pipefail

# shellcheck disable=SC2034 # for those who source this
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${FULLSEND_DEV_CACHE:=${XDG_CACHE_HOME:-$HOME/.cache}/fullsend-dev}"
: "${CARGO_TARGET_DIR:=$FULLSEND_DEV_CACHE/target}"
export FULLSEND_DEV_CACHE CARGO_TARGET_DIR
# Debian keeps dockerd out of an ordinary user's path.
export PATH="$FULLSEND_DEV_CACHE/bin:$HOME/.cargo/bin:$PATH:/usr/sbin:/sbin"

bold='' dim='' red='' green='' reset=''
if [[ -t 2 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' reset=$'\e[0m'
fi
# Which of them a script uses is its own business.
: "$bold$dim$red$green$reset"

say() { printf '%s==>%s %s\n' "$bold" "$reset" "$*" >&2; }

die() {
  printf '%serror:%s %s\n' "$red" "$reset" "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# die with the end of the log $1.
die_with_log() {
  tail -n 20 "$1" >&2
  shift
  die "$@"
}

can_be_root() { ((EUID == 0)) || { have sudo && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; }; }

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# Waits up to $1 seconds for the rest of the line to succeed.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# Whether the rest of the line succeeds, or the server of process $1 is gone and never will.
answers_or_dead() {
  process_gone "$1" || "${@:2}"
}

# Runs the rest of the line between the functions $1, which starts a server, and $2, which takes
# it away whatever happened; exits as the line did.
#
# The server belongs into a session of its own (setsid): Ctrl-C is for the command, which still
# needs it.
with_server() {
  local start=$1 status=0
  server_clean_up=$2
  shift 2
  trap leave EXIT
  # So that the trap runs: the command gets the terminal's signals itself.
  trap : INT TERM HUP
  "$start"
  "$@" || status=$?
  exit "$status"
}

leave() {
  local status=$?
  trap - EXIT
  "$server_clean_up"
  exit "$status"
}

# Starts the rest of the line as the server $1, which says in its first line where it listens: that
# becomes $address, the process one of $servers; $to_NAME and $from_NAME lead to it.
# shellcheck disable=SC2034,SC2154 # they are of those who source this
launch_server() {
  local name=$1
  shift
  mkfifo "$name.in" "$name.out"
  setsid "$@" <"$name.in" >"$name.out" &
  servers+=($!)
  exec {input}>"$name.in" {output}<"$name.out"
  printf -v "to_$name" %s "$input"
  printf -v "from_$name" %s "$output"
  read -r -t 60 address <&"$output" || die "$name does not start"
}

# Ends one process that this script started: asks first, insists after ten seconds. What follows
# the identifier is put before `kill`.
end_process() {
  local pid=$1
  shift
  "$@" kill -TERM "$pid" 2>/dev/null || return 0
  wait_for 10 process_gone "$pid" || "$@" kill -KILL "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
}

cgroups_ready() { grep -q ' /sys/fs/cgroup' /proc/self/mounts; }

process_gone() {
  [[ ! -d /proc/$1 || $(awk '{print $3}' "/proc/$1/stat" 2>/dev/null) == Z ]]
}
