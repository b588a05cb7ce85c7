#!/usr/bin/env bash
# Puts fullsend on the PATH of the next steps: the release whose checksums lie beside this script,
# or the fullsend that is there already.
source "$(dirname "$0")/lib.sh"

releases=${FULLSEND_RELEASES:-https://github.com/fullsend-ai/fullsend/releases/download}
table=$(dirname "$0")/checksums.txt

main() {
  local known wanted target name sum work cached
  known=$(sed -n 's/^# version: *//p' "$table")
  wanted=${INPUT_VERSION:-$known}
  [[ -z $wanted || $wanted =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] ||
    die "version: '$wanted' is not a version such as 1.4.2"
  if is_there "$wanted"; then
    echo "$(fullsend --version) is there already"
    return
  fi
  [[ -n $known ]] || die "this action comes with no release of fullsend${wanted:+, so not with $wanted}: install it in a step before"
  [[ $wanted == "$known" ]] ||
    die "this action knows the checksums of fullsend $known, not of $wanted: take the action's release that came with it"
  target=$(target)
  name=fullsend-$known-$target.tar.gz
  sum=$(awk -v name="$name" '$2 == name {print $1}' "$table")
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || die "there is no fullsend $known for $target"

  work=$(mktemp -d "$RUNNER_TEMP/fullsend.XXXXXX")
  cached=${RUNNER_TOOL_CACHE:-$RUNNER_TEMP}/fullsend/$sum.tar.gz
  # Earlier jobs of this machine could have changed it: it is checked as if it were new.
  [[ ! -f $cached ]] || cp "$cached" "$work/archive"
  if ! matches "$sum" "$work/archive"; then
    download "$releases/v$known/$name" "$work/archive"
    matches "$sum" "$work/archive" ||
      die "$name is not the file that this action was released with: its SHA-256 is $(sha256 "$work/archive")"
    mkdir -p "${cached%/*}"
    cp "$work/archive" "$cached.$$"
    mv -f "$cached.$$" "$cached"
  fi
  mkdir "$work/bin"
  tar -xzf "$work/archive" -C "$work/bin" --no-same-owner fullsend
  echo "$work/bin" >>"$GITHUB_PATH"
  echo "fullsend $known ($target)"
}

# Whether fullsend can be called, in the version $1 if that is not empty.
is_there() {
  command -v fullsend >/dev/null || return 1
  [[ -z $1 || $(fullsend --version) == "fullsend $1" ]]
}

target() {
  [[ $(uname -s) == Linux ]] || die "fullsend runs on Linux, not on $(uname -s)"
  case $(uname -m) in
    x86_64) echo x86_64-unknown-linux-musl ;;
    aarch64) echo aarch64-unknown-linux-musl ;;
    *) die "there is no fullsend for $(uname -m)" ;;
  esac
}

download() {
  curl --proto '=https' --tlsv1.2 --silent --show-error --fail --location \
    --retry 3 --retry-all-errors --connect-timeout 10 --max-time 300 --max-filesize 104857600 \
    --output "$2" "$1" || die "$1 could not be downloaded"
}

matches() {
  [[ -f $2 && $(sha256 "$2") == "$1" ]]
}

sha256() {
  local line
  line=$(sha256sum <"$1")
  echo "${line%% *}"
}

main "$@"
