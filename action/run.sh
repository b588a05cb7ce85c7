#!/usr/bin/env bash
# Makes the command line of the inputs, which prepare.sh has looked at, and becomes it: signals go
# to fullsend itself.
source "$(dirname "$0")/lib.sh"

main() {
  local options=("--report=$FULLSEND_REPORT") words
  [[ -z $INPUT_CONFIG ]] || options+=("--config=$INPUT_CONFIG")
  # Before the words of the workflow: nothing counts as an option behind a `--` of theirs.
  [[ $INPUT_MODE != exec || -z $INPUT_IMAGE ]] || options+=("--image=$INPUT_IMAGE")
  lines words "$INPUT_ARGS"
  options+=("${words[@]}")
  "run_$INPUT_MODE"
}

run_exec() {
  local command=()
  lines words "$INPUT_COMMAND"
  ((${#words[@]} == 0)) || command=(-- "${words[@]}")
  # A workflow has nothing to say on the agent's stdin.
  exec fullsend exec "$INPUT_AGENT" "${options[@]}" "${command[@]}" </dev/null
}

run_verify() {
  if [[ -n $INPUT_IMAGE ]]; then
    exec fullsend verify "${options[@]}" -- "$INPUT_IMAGE"
  fi
  exec fullsend verify --all --format=github "${options[@]}"
}

run_validate() {
  lines words "$INPUT_PATHS"
  exec fullsend validate --format=github "--sarif-file=$FULLSEND_SARIF_FILE" "${options[@]}" \
    -- "${words[@]}"
}

run_pin() {
  lines words "$INPUT_PATHS"
  exec fullsend pin --format=github "--sarif-file=$FULLSEND_SARIF_FILE" "${options[@]}" \
    -- "${words[@]}"
}

# The lines of $2 that hold anything, into the array named $1.
lines() {
  local -n into=$1
  local line
  into=()
  while IFS= read -r line; do
    line=${line%$'\r'}
    [[ -z ${line//[[:space:]]/} ]] || into+=("$line")
  done <<<"$2"
}

main "$@"
