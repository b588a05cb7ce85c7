#!/usr/bin/env bash
# What the API server of a real Kubernetes says of manifests: dev/test-cluster.sh [FOLDER]...
#
# Without a folder, of all in tests/cluster; tests/cluster/check.sh says what is in one. What a
# folder generates, it generates with the program of this source.
source "$(dirname "$0")/lib.sh"

(($#)) || set -- "$repository"/tests/cluster/*/
cargo build --manifest-path "$repository/Cargo.toml" --locked --quiet --bin fullsend --package fullsend
PATH=$CARGO_TARGET_DIR/debug:$PATH \
  "$repository/dev/with-cluster.sh" "$repository/tests/cluster/check.sh" "$@"
