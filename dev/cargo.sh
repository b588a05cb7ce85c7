#!/usr/bin/env bash
# Runs cargo with the path, cache and target folder of these scripts: dev/cargo.sh test --lib
source "$(dirname "$0")/lib.sh"

cd "$repository"
exec cargo "$@"
