#!/usr/bin/env bash
# Runs a command with an empty image registry: dev/with-registry.sh COMMAND...
#
# FULLSEND_TEST_REGISTRY names it (127.0.0.1:PORT). It lives in a temporary folder and ends, with
# everything in it, when the command does.
source "$(dirname "$0")/lib.sh"

folder='' registry=''

main() {
  (($#)) || die "no command" "dev/with-registry.sh COMMAND..."
  have docker-registry || die "docker-registry is not installed" "dev/setup.sh run"
  folder=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-registry.XXXXXX")
  with_server start clean_up "$@"
}

# A port can be taken between choosing and binding it, so the choice is repeated.
start() {
  local attempt
  for attempt in 1 2 3 4 5; do
    FULLSEND_TEST_REGISTRY=127.0.0.1:$(shuf -n 1 -i 20000-32000)
    export FULLSEND_TEST_REGISTRY
    write_configuration
    setsid docker-registry serve "$folder/config.yml" >"$folder/log" 2>&1 &
    registry=$!
    wait_for 20 answers_or_dead "$registry" \
      curl -fsS --noproxy '*' "http://$FULLSEND_TEST_REGISTRY/v2/" || true
    # The answer must be our own process's, not that of whoever holds the port.
    process_gone "$registry" || return 0
  done
  die_with_log "$folder/log" "docker-registry did not start ($attempt attempts)"
}

write_configuration() {
  cat >"$folder/config.yml" <<YAML
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $folder/data}
  delete: {enabled: true}
http: {addr: "$FULLSEND_TEST_REGISTRY"}
YAML
}

clean_up() {
  if [[ -n $registry ]]; then
    forget_images
    end_process "$registry"
  fi
  [[ -z $folder ]] || rm -rf "$folder"
}

# What a daemon pulled from here can never be pulled again.
forget_images() {
  have docker || return 0
  docker image ls --format '{{.Repository}}@{{.Digest}}' 2>/dev/null |
    grep "^$FULLSEND_TEST_REGISTRY/.*@sha256:" | xargs -r docker image rm >/dev/null 2>&1 || true
}

main "$@"
