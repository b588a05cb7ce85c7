#!/usr/bin/env bash
# Everything that must hold before a change lands, cheapest first; `make test` calls it.
source "$(dirname "$0")/lib.sh"

cd "$repository"
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

step() {
  say "$*"
  "$@"
}

step cargo fmt --all --check
step shellcheck dev/*.sh .ci/run tests/cluster/*.sh
step actionlint -pyflakes= .github/workflows/*.yml
step zizmor --offline --quiet --no-progress --strict-collection --persona auditor .github
step cargo deny --locked check bans licenses sources
step cargo clippy --locked --workspace --all-targets -- -D warnings
# What only fuzz targets see, with this compiler; with theirs, `make fuzz` builds it.
step cargo rustc --locked --lib --profile check -- --cfg fuzzing
RUSTDOCFLAGS='-D warnings' step cargo doc --locked --workspace --no-deps --quiet
step cargo test --locked --workspace --doc --quiet
# Last, so that the runner's own summary ends the output.
step dev/with-docker.sh dev/with-registry.sh \
  cargo nextest run --locked --workspace --no-fail-fast --final-status-level slow
