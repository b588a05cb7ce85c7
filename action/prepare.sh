#!/usr/bin/env bash
# Refuses inputs that no command could be made of, and names the files that the command writes.
source "$(dirname "$0")/lib.sh"

main() {
  local folder
  folder=$(mktemp -d "$RUNNER_TEMP/fullsend-report.XXXXXX")
  case $INPUT_MODE in
    exec)
      [[ -n $INPUT_AGENT ]] || die "agent: say which agent of fullsend.yaml runs"
      [[ $INPUT_AGENT != -* ]] || die "agent: '$INPUT_AGENT' is not the name of an agent"
      ;;
    verify) ;;
    validate | pin) echo "sarif-file=$folder/findings.sarif" >>"$GITHUB_OUTPUT" ;;
    *) die "mode: '$INPUT_MODE' is none of exec, verify, validate and pin" ;;
  esac
  echo "report=$folder/report.json" >>"$GITHUB_OUTPUT"
}

main "$@"
