#!/usr/bin/env bash
# Runs a command with the control plane of a real Kubernetes: dev/with-cluster.sh COMMAND...
#
# etcd, the API server and the controller manager, on 127.0.0.1 alone: whatever the API server
# decides is real, and no pod ever runs. KUBECONFIG names it, kubectl is in the path, the custom
# resources of Kyverno and the policy-controller are known to it. All of it lies in one temporary
# folder and ends with the command.
source "$(dirname "$0")/lib.sh"

programs=$FULLSEND_DEV_CACHE/tools/control-plane
policies=$FULLSEND_DEV_CACHE/tools/policies
folder='' etcd='' server='' manager='' etcd_url='' port=''

main() {
  (($#)) || die "no command" "dev/with-cluster.sh COMMAND..."
  [[ -x $programs/kubectl && -d $policies ]] || die "there is no Kubernetes yet" "dev/setup.sh lint cluster"
  folder=$(mktemp -d "${TMPDIR:-/tmp}/fullsend-cluster.XXXXXX")
  export PATH=$programs:$PATH KUBECONFIG=$folder/kubeconfig
  with_server start clean_up "$@"
}

start() {
  make_certificates
  start_etcd
  start_server
  start_manager
  know_policies
  say "started $("$programs/kube-apiserver" --version) at https://127.0.0.1:$port"
}

# One authority for the server, for the one client, which may do everything, and for tokens.
make_certificates() {
  cd "$folder"
  mkdir certificates
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=authority -keyout certificates/authority.key -out certificates/authority.pem 2>/dev/null
  certificate server /CN=server 'subjectAltName=IP:127.0.0.1'
  certificate admin /O=system:masters/CN=admin 'extendedKeyUsage=clientAuth'
  openssl ecparam -genkey -name prime256v1 -noout -out certificates/tokens.key
  cd "$OLDPWD"
}

certificate() {
  local path=certificates/$1
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" \
    -keyout "$path.key" -out "$path.csr" 2>/dev/null
  openssl x509 -req -days 2 -in "$path.csr" -CA certificates/authority.pem \
    -CAkey certificates/authority.key -CAcreateserial -extfile <(echo "$3") -out "$path.pem" 2>/dev/null
}

# A port can be taken between choosing and binding it, so the choice is repeated.
start_etcd() {
  local attempt
  for attempt in 1 2 3 4 5; do
    choose_port
    etcd_url=http://127.0.0.1:$port
    setsid "$programs/etcd" --data-dir "$folder/etcd-$attempt" --unsafe-no-fsync \
      --listen-client-urls "$etcd_url" --advertise-client-urls "$etcd_url" \
      --listen-peer-urls http://127.0.0.1:0 >"$folder/etcd.log" 2>&1 &
    etcd=$!
    wait_for 60 answers_or_dead "$etcd" curl -fsS --noproxy '*' "$etcd_url/health" || true
    process_gone "$etcd" || return 0
  done
  die_with_log "$folder/etcd.log" "etcd did not start ($attempt attempts)"
}

start_server() {
  local attempt certificates=$folder/certificates
  for attempt in 1 2 3 4 5; do
    choose_port
    write_kubeconfig
    setsid "$programs/kube-apiserver" --etcd-servers "$etcd_url" \
      --bind-address 127.0.0.1 --secure-port "$port" --endpoint-reconciler-type none \
      --cert-dir "$folder" --tls-cert-file "$certificates/server.pem" \
      --tls-private-key-file "$certificates/server.key" \
      --client-ca-file "$certificates/authority.pem" --authorization-mode RBAC \
      --service-account-issuer https://kubernetes.default.svc \
      --service-account-key-file "$certificates/tokens.key" \
      --service-account-signing-key-file "$certificates/tokens.key" \
      --service-cluster-ip-range 10.0.0.0/24 --allow-privileged \
      >"$folder/server.log" 2>&1 &
    server=$!
    wait_for 120 answers_or_dead "$server" kubectl get --raw /readyz || true
    process_gone "$server" || return 0
  done
  die_with_log "$folder/server.log" "the API server did not start ($attempt attempts)"
}

# Pods need service accounts, quotas need somebody who counts.
start_manager() {
  local certificates=$folder/certificates
  setsid "$programs/kube-controller-manager" --kubeconfig "$KUBECONFIG" \
    --leader-elect=false --secure-port 0 --root-ca-file "$certificates/authority.pem" \
    --service-account-private-key-file "$certificates/tokens.key" \
    --use-service-account-credentials >"$folder/manager.log" 2>&1 &
  manager=$!
  wait_for 60 answers_or_dead "$manager" kubectl get serviceaccount default || true
  ! process_gone "$manager" || die_with_log "$folder/manager.log" "the controller manager did not start"
}

# Their webhooks are not here: a conversion that nobody answers would refuse every object.
know_policies() {
  local definition
  for definition in "$policies"/crds/*.yaml; do
    sed '/^  conversion:$/,/^  group:/{/^  group:/!d}' "$definition"
    echo ---
  done | kubectl create --filename - >/dev/null
  kubectl wait --for condition=Established --timeout 60s customresourcedefinition --all >/dev/null
}

choose_port() { port=$(shuf -n 1 -i 20000-32000); }

write_kubeconfig() {
  cat >"$KUBECONFIG" <<YAML
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: admin}}]
clusters:
  - name: test
    cluster: {server: "https://127.0.0.1:$port", certificate-authority: certificates/authority.pem}
users:
  - name: admin
    user: {client-certificate: certificates/admin.pem, client-key: certificates/admin.key}
YAML
}

clean_up() {
  local pid
  for pid in $manager $server $etcd; do end_process "$pid"; done
  [[ -z $folder ]] || rm -rf "$folder"
}

main "$@"
