#!/usr/bin/env bash
# Removes the containers that killed runs left behind, never one that may be in use.
source "$(dirname "$0")/lib.sh"

command -v fullsend >/dev/null || exit 0
# No reason to fail a run that went well.
fullsend exec --reap ||
  echo "::warning title=fullsend::not everything that killed runs left could be removed"
