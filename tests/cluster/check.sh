#!/usr/bin/env bash
# Puts folders before the API server that KUBECONFIG names: tests/cluster/check.sh FOLDER...
#
#   FOLDER/generate      makes more files for the first of these in the folder it is given, if there
#   FOLDER/manifests/    every document is created, in the order of file names, without a warning
#   FOLDER/subjects/     then, created for show: admitted-*.yaml is accepted, refused-*.yaml is
#                        not, in the words of its lines `# because: WORDS`
#   FOLDER/warnings      parts of warnings that do not count, one on each line, if there
#
# Fields that Kubernetes does not know count as refused. `make test-cluster` calls it.
source "$(dirname "${BASH_SOURCE[0]}")/../../dev/lib.sh"

failures=0 checked=0 work='' folder=''

main() {
  (($#)) || die "no folder" "tests/cluster/check.sh FOLDER..."
  work=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-check.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  for folder; do
    [[ -d $folder ]] || die "no such folder: $folder"
    folder=$(cd "$folder" && pwd)
    check_folder
  done
  ((failures == 0)) || die "$failures of $checked files are not as they should be"
  say "$checked files are as they should be"
}

check_folder() {
  local made file said before=$checked
  say "${folder#"$repository/"}"
  made=$(mktemp -d "$work/made.XXXXXX")
  [[ ! -x $folder/generate ]] || (cd "$folder" && ./generate "$made") ||
    die "$folder/generate failed"
  for file in "$folder"/manifests/*.yaml "$made"/*.yaml; do
    [[ ! -e $file ]] || check "$file" accepted
  done
  settle
  for file in "$folder"/subjects/*.yaml; do
    [[ -e $file ]] || continue
    case ${file##*/} in
      admitted-*) check "$file" accepted --dry-run=server ;;
      refused-*) check "$file" refused --dry-run=server ;;
      *) die "neither admitted- nor refused-: $file" ;;
    esac
  done
  ((checked > before)) || die "nothing to check in $folder"
  # The next folder may use the same names.
  for file in "$folder"/manifests/*.yaml "$made"/*.yaml; do
    [[ ! -e $file ]] ||
      said=$(kubectl delete --filename "$file" --ignore-not-found --timeout 120s 2>&1) ||
      die "$file cannot be taken back: $said"
  done
}

# Whether creating $1, with the options that follow, ends as $2 says.
check() {
  local file=$1 expected=$2 said seen=accepted
  shift 2
  said=$(kubectl create --validate=strict --filename "$file" "$@" 2>&1 >/dev/null) || seen=refused
  if [[ -e $folder/warnings ]]; then
    said=$(grep -vFf "$folder/warnings" <<<"$said") || true
  fi
  checked=$((checked + 1))
  if [[ $seen == "$expected" ]] && says_why "$file" "$expected" "$said"; then
    printf '  %sok%s    %-8s %s\n' "$green" "$reset" "$seen" "${file##*/}"
    return
  fi
  failures=$((failures + 1))
  printf '  %sFAIL%s  %-8s %s\n' "$red" "$reset" "$seen" "${file##*/}"
  said=${said:-it says nothing}
  printf '          %s\n' "${said//$'\n'/$'\n          '}"
}

# A refusal must be for the reason that the file gives: a misspelt one is refused too.
says_why() {
  local reason reasons
  if [[ $2 == accepted ]]; then
    [[ -z $3 ]]
    return
  fi
  mapfile -t reasons < <(sed -n 's/^# because: //p' "$1")
  ((${#reasons[@]})) || die "$1 does not say why it is refused" "add a line: # because: WORDS"
  for reason in "${reasons[@]}"; do
    [[ $3 == *"$reason"* ]] || return 1
  done
}

# What the controller manager adds to what was created, and admission looks at.
settle() {
  local namespace
  for namespace in $(kubectl get namespaces --output name); do
    kubectl wait --for create --timeout 60s serviceaccount/default \
      --namespace "${namespace#*/}" >/dev/null
  done
  [[ -z $(kubectl get resourcequotas --all-namespaces --output name) ]] ||
    kubectl wait --for 'jsonpath={.status.hard}' --timeout 60s resourcequota --all \
      --all-namespaces >/dev/null
}

main "$@"
