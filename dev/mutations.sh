#!/usr/bin/env bash
# Takes each check of dev/mutations.tsv out, alone, and expects its test to fail:
# dev/mutations.sh [POINT...], all points by default. Prints a row for each, with what was taken
# out, and ends with 1 where a test did not mind.
#
# Works in a copy of its own of what is committed. Each row costs a build and one test; they share
# that copy's target folder, which stays for the next time. One of point 1's needs a Docker daemon
# (dev/with-docker.sh).
source "$(dirname "$0")/lib.sh"

table=$repository/dev/mutations.tsv
export CARGO_TARGET_DIR=$CARGO_TARGET_DIR/mutations
export CARGO_TERM_COLOR=never
# Always the same place: cargo knows what it has built by where it lay.
copy=$CARGO_TARGET_DIR/tree log=$CARGO_TARGET_DIR/log
survivors=0 does_not_apply=''

main() {
  have cargo-nextest || die "cargo-nextest is not installed" "dev/setup.sh"
  git -C "$repository" diff --quiet HEAD -- src tests Cargo.lock ||
    say "what is not committed is not tested"
  mkdir -p "$CARGO_TARGET_DIR"
  exec 9>"$CARGO_TARGET_DIR/.in-use"
  flock -n 9 || die "dev/mutations.sh is running already"
  # What a killed run has left.
  clean_up 2>/dev/null || true
  trap clean_up EXIT
  git -C "$repository" worktree add --quiet --force --detach "$copy" HEAD
  be_green_first "$@"
  print_row point test seen-red 'taken out'
  each_row "$@"
  ((survivors == 0)) || die "$survivors of the checks are not tested, or their rows do not apply"
}

clean_up() {
  git -C "$repository" worktree remove --force "$copy"
}

# Red says something only of a test that is green as long as nothing is taken out.
be_green_first() {
  local tests
  tests=$(awk -F '\t' -v asked=" $* " '
    !/^#/ && $1 != "+" && (asked == "  " || index(asked, " " $1 " ")) { print $5 }
  ' "$table" | sort -u | paste -sd '|')
  [[ -n $tests ]] || die "no row is about the points $*"
  (cd "$copy" && run_tests "$tests") || die_with_log "$log" "the tests fail as it is"
}

# Runs the tests of this integration binary whose names are in $1, between bars.
run_tests() {
  cargo nextest run --locked --test integration --no-tests fail -E "test(/::($1)\$/)" \
    >"$log" 2>&1 </dev/null 9>&-
}

# Reads the rows; a `+` row goes on with the mutation of the row above, whose test it has.
each_row() {
  local point='' test='' out='' next file from to name
  while IFS=$'\t' read -r next file from to name; do
    [[ $next != '#'* && -n $next ]] || continue
    if [[ $next == + ]]; then
      is_asked "$point" "$@" && mutate "$file" "$from" "$to"
      continue
    fi
    finish "$point" "$test" "$out" "$@"
    point=$next test=$name out="$file: $from"
    is_asked "$point" "$@" && mutate "$file" "$from" "$to"
  done <"$table"
  finish "$point" "$test" "$out" "$@"
}

print_row() { printf '%-5s %-78s %-8s %s\n' "$1" "$2" "$3" "$4"; }

is_asked() {
  local point=$1
  shift
  [[ -n $point ]] && { (($# == 0)) || [[ " $* " == *" $point "* ]]; }
}

# Replaces $2, which file $1 has once, with $3; both with \n and \\ for what they stand for.
mutate() {
  local file=$copy/$1 text from to rest
  printf -v from %b "$2"
  printf -v to %b "$3"
  text=$(<"$file")
  rest=${text#*"$from"}
  if [[ -z $from || $rest == "$text" || $rest == *"$from"* ]]; then
    does_not_apply=yes
    say "$1 does not have exactly once: $from"
    return 0
  fi
  printf '%s\n' "${text%%"$from"*}$to$rest" >"$file"
}

# Runs the test of the mutation that stands, and takes the mutation back.
finish() {
  local point=$1 test=$2 out=$3 seen
  shift 3
  is_asked "$point" "$@" || return 0
  if [[ -n $does_not_apply ]]; then
    seen='no, the row does not apply'
  else
    seen=$(see "$test")
  fi
  print_row "$point" "$test" "$seen" "$out"
  [[ $seen == yes ]] || survivors=$((survivors + 1))
  does_not_apply=''
  git -C "$copy" checkout --quiet -- .
}

# `yes` where the program builds and its test fails.
see() {
  local status=0
  cd "$copy"
  cargo test --locked --quiet --test integration --no-run >"$log" 2>&1 9>&- || {
    tail -n 20 "$log" >&2
    echo 'no, it does not build'
    return
  }
  run_tests "$1" || status=$?
  # What nextest says of tests that failed; any other failure is its own.
  case $status in
    0) echo no ;;
    100) echo yes ;;
    *) echo "no, nextest ended with $status" ;;
  esac
}

main "$@"
