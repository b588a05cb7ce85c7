#!/usr/bin/env bash
# What the action's scripts share; to be sourced.
set -euo pipefail

# Ends the step with an annotation; nothing of it can become another workflow command.
die() {
  local message=$1
  message=${message//'%'/'%25'}
  message=${message//$'\r'/'%0D'}
  message=${message//$'\n'/'%0A'}
  echo "::error title=fullsend::$message" >&2
  exit 2
}
