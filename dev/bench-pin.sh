#!/usr/bin/env bash
# Measures `fullsend pin` beside frizbee and ratchet, in alternating runs over the same workflows,
# before the same git host and registry on loopback. `make bench-pin` calls it; it is never a test.
#
#   RUNS=5         alternating runs of each
#   DELAY=50       milliseconds that both servers wait before each answer
#   FULLSEND=FILE  measures this program instead of a release build
#   FRIZBEE=FILE   and RATCHET=FILE: these are left out where they are not installed
source "$(dirname "$0")/lib.sh"

# A decimal point, whatever the language.
export LC_ALL=C.UTF-8
: "${RUNS:=5}" "${DELAY:=50}" "${FULLSEND:=}"
: "${FRIZBEE:=$(command -v frizbee || true)}" "${RATCHET:=$(command -v ratchet || true)}"
here=$repository/dev
# Of 5,000 references, 50 actions and 50 images are distinct.
workflows=1000 distinct=50
work='' address='' git='' images='' proxy='' servers=()

main() {
  build
  have /usr/bin/time || die "GNU time is not installed" "sudo apt-get install time"
  have openssl || die "openssl is not installed" "sudo apt-get install openssl"
  with_server serve stop measure
}

build() {
  cd "$repository"
  say "building the release binary and the servers"
  cargo build --locked --release --bin fullsend-testkit --package fullsend-testkit
  [[ -z $FULLSEND ]] || return 0
  cargo build --locked --release --bin fullsend --package fullsend
  FULLSEND=$CARGO_TARGET_DIR/release/fullsend
}

serve() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-bench.XXXXXX")
  cd "$work"
  unset CI GITHUB_ACTIONS GITLAB_CI GITHUB_TOKEN
  cp "$CARGO_TARGET_DIR/release/fullsend-testkit" .
  cp "$FULLSEND" fullsend
  say "laying $workflows workflows"
  lay_repositories
  launch_server git ./fullsend-testkit git repositories --delay "$DELAY" --count --api
  git=$address
  launch_server registry ./fullsend-testkit registry --delay "$DELAY" --count
  images=$address
  push_images
  lay_workflows
  [[ -z $FRIZBEE ]] || front_of_git
}

stop() {
  local server
  for server in "${servers[@]}"; do end_process "$server"; done
  rm -rf "$work"
}

lay_repositories() {
  local number folder commit
  for ((number = 0; number < distinct; number++)); do
    folder=repositories/actions/a$number.git
    git init --quiet --bare "$folder"
    commit=$(git --git-dir "$folder" -c user.name=bench -c user.email=bench@example.com \
      commit-tree -m "$number" "$(git --git-dir "$folder" mktree </dev/null)")
    printf 'create refs/%s %s\n' heads/main "$commit" tags/v1 "$commit" tags/v1.2 "$commit" \
      tags/v1.2.3 "$commit" | git --git-dir "$folder" update-ref --stdin
  done
}

push_images() {
  local number
  for ((number = 0; number < distinct; number++)); do
    ./fullsend-testkit image --tag "$images/images/i$number:1.2.3" --label "number=$number" >/dev/null
  done
}

# Three actions and two images each.
lay_workflows() {
  local number folder=tags/.github/workflows
  mkdir -p "$folder"
  git -C tags init --quiet
  for ((number = 0; number < workflows; number++)); do
    cat >"$folder/$number.yml" <<END
name: workflow $number
on: push
permissions: {}
jobs:
  build:
    runs-on: ubuntu-24.04
    container:
      image: $images/images/i$((2 * number % distinct)):1.2.3
    services:
      database:
        image: $images/images/i$(((2 * number + 1) % distinct)):1.2.3
    steps:
      - uses: actions/a$((3 * number % distinct))@v1
      - name: Build
        run: |
          make
          make test
      - uses: actions/a$(((3 * number + 1) % distinct))@v1
        with:
          path: build
      - uses: actions/a$(((3 * number + 2) % distinct))@v1
END
  done
}

# frizbee asks https://api.github.com and nothing else: a proxy is put before it that says to be
# that host, by a certificate that only this run of frizbee trusts.
front_of_git() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem \
    -out certificate.pem -subj /CN=bench -addext subjectAltName=DNS:api.github.com 2>/dev/null
  launch_server proxy python3 "$here/bench-pin-proxy.py" "$git" certificate.pem key.pem
  proxy=$address
}

measure() {
  local run name names=(check pin check-pinned)
  [[ -z $FRIZBEE ]] || names+=(frizbee)
  [[ -z $RATCHET ]] || names+=(ratchet ratchet-32)
  copy tags pinned
  (cd pinned && ../fullsend pin --github-url "http://$git" >/dev/null) || die "nothing was pinned"
  printf 'machine  %s processors, kernel %s, %s\n' "$(nproc)" "$(uname -r)" "$(date -u +%F)"
  printf 'asked    %s workflows, 5000 references, %s of them distinct; %s ms before each answer\n' \
    "$workflows" $((2 * distinct)) "$DELAY"
  printf 'runs     %s of each, alternating; medians\n' "$RUNS"
  for ((run = 0; run < RUNS; run++)); do
    for name in "${names[@]}"; do
      once "$name"
    done
  done
  printf '%-24s%13s%8s%8s%6s\n' '' requests pinned seconds MiB
  for name in "${names[@]}"; do
    row "$name"
  done
}

copy() {
  rm -rf "$2"
  cp -r "$1" "$2"
}

# Runs $1 in a fresh copy; keeps its seconds and KiB, what it asked and what is pinned then.
once() {
  local name=$1 status=0 expected=0 files
  mapfile -t files < <(cd tags && printf '%s\n' .github/workflows/*.yml)
  case $name in
    check) expected=1 ;&
    check-pinned) set -- "$work/fullsend" pin --check --github-url "http://$git" ;;
    pin) set -- "$work/fullsend" pin --github-url "http://$git" ;;
    frizbee) set -- env HTTPS_PROXY="http://$proxy" SSL_CERT_FILE="$work/certificate.pem" \
      "$BASH" -c "'$FRIZBEE' actions .github/workflows && '$FRIZBEE' image .github/workflows" ;;
    ratchet) set -- env ACTIONS_BASE_URL="http://$git/" "$RATCHET" pin "${files[@]}" ;;
    ratchet-32) set -- env ACTIONS_BASE_URL="http://$git/" "$RATCHET" pin -concurrency 32 "${files[@]}" ;;
  esac
  if [[ $name == check-pinned ]]; then copy pinned now; else copy tags now; fi
  forget
  (cd now && /usr/bin/time --quiet --format '%e %M' --append --output "../times.$name" "$@") \
    >log 2>&1 || status=$?
  ((status == expected)) || die_with_log log "$name ended with $status"
  echo "$(asked git) + $(asked registry)" >"requests.$name"
  grep -rhoE '@(sha256:[0-9a-f]{64}|[0-9a-f]{40})' now/.github | wc -l >"pinned.$name"
}

# How many requests came to the server $1 since this was asked last.
asked() {
  local to=to_$1 from=from_$1 count
  echo >&"${!to}"
  read -r -t 10 count <&"${!from}"
  echo "$count"
}

forget() { asked git && asked registry; } >/dev/null

row() {
  local name=$1 title
  case $name in
    check) title='fullsend pin --check' ;;
    check-pinned) title='  where all is pinned' ;;
    pin) title='fullsend pin' ;;
    frizbee | ratchet) title=$name ;;
    ratchet-32) title='  -concurrency 32' ;;
  esac
  printf '%-24s%13s%8s%12s\n' "$title" "$(<"requests.$name")" "$(<"pinned.$name")" \
    "$(sort -n "times.$name" | awk '{t[NR] = $1; m = $2 > m ? $2 : m}
      END {printf "%8.2f%6d", t[int((NR + 1) / 2)], m / 1024}')"
}

main "$@"
