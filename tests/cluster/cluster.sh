# A cluster's API server for tests, sourced: real custom resources, RBAC and admission policies; no nodes, no pods that run.
#
#   . tests/cluster/cluster.sh
#   cluster_create DIRECTORY        ports, certificates and tokens in it; exits 77 when the programs cannot be had
#   cluster_start                   etcd and the API server; returns when it is ready
#   cluster_user NAME [GROUPS [NODE]]   a token for that user in DIRECTORY/tokens/NAME, and DIRECTORY/kubeconfig.NAME. NAME of a
#                                   service account: system:serviceaccount:NAMESPACE:ACCOUNT; its groups need not be given. NODE: the
#                                   node of the pod that the token is bound to. Called again: a new token, and the old one is void
#   cluster_agent NODE, cluster_coordinator   the same for the accounts of k8s/deploy: kubeconfig.agent-NODE, kubeconfig.coordinator
#   kc ARGUMENT…                    kubectl as administrator; kc_as NAME ARGUMENT… as that user
#   cluster_node NAME [LABEL=VALUE…]   a v1 Node that is Ready
#   cluster_kill apiserver|etcd     kill -9; cluster_up apiserver|etcd starts it again on the same port and data
#   cluster_certificates            new CA and server certificate (DIRECTORY/ca.crt), in force from the next cluster_up apiserver
#   cluster_stop                    ends both; also when the shell exits, if the test calls it in its trap
#
# cluster_url is the server's address. Logs: DIRECTORY/apiserver.log, DIRECTORY/etcd.log.
cluster_tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$cluster_tests/../lib/common.sh"
. "$cluster_tests/server.sh"

declare -A cluster_pid=() cluster_tokens=()

cluster_free_port() {
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { printf '%s\n' "$port"; return; }
  done
  die "no free port"
}

cluster_create() {
  cluster_programs || { say "SKIPPED: the programs of the test cluster cannot be had (tests/cluster/server.sh)"; exit 77; }
  cluster_dir=$1
  mkdir -p "$cluster_dir/tokens" "$cluster_dir/empty"
  cluster_port=$(cluster_free_port)
  cluster_etcd_port=$(cluster_free_port)
  cluster_peer_port=$(cluster_free_port)
  cluster_url=https://127.0.0.1:$cluster_port
  cluster_certificates
  cluster_user admin '"system:masters"'
}

cluster_certificates() {
  local d=$cluster_dir
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=schedkit test CA $RANDOM" \
    -keyout "$d/ca.key" -out "$d/ca.new" 2> /dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=apiserver -keyout "$d/server.key" -out "$d/server.csr" 2> /dev/null
  openssl x509 -req -in "$d/server.csr" -CA "$d/ca.new" -CAkey "$d/ca.key" -CAcreateserial -days 2 -out "$d/server.crt" \
    -extfile <(echo "subjectAltName=IP:127.0.0.1,DNS:localhost") 2> /dev/null
  mv "$d/ca.new" "$d/ca.crt"
}

cluster_user() {
  local name=$1 groups=${2:-} node=${3:-} token account file=${4:-$1} extra='' user sep=''
  token=$(openssl rand -hex 24)
  if [[ $name == system:serviceaccount:* ]]; then
    account=${name#system:serviceaccount:}
    groups=${groups:-"\"system:serviceaccounts\",\"system:serviceaccounts:${account%%:*}\""}
  fi
  [ -z "$node" ] || extra="\"authentication.kubernetes.io/node-name\":[\"$node\"]"
  cluster_tokens[$file]="\"$token\":{\"Name\":\"$name\",\"Groups\":[$groups],\"Extra\":{$extra}}"
  {
    printf '{'
    for user in "${!cluster_tokens[@]}"; do printf '%s%s' "$sep" "${cluster_tokens[$user]}"; sep=,; done
    printf '}\n'
  } > "$cluster_dir/tokens.json.new"
  mv "$cluster_dir/tokens.json.new" "$cluster_dir/tokens.json"
  printf '%s' "$token" > "$cluster_dir/tokens/$file.new"
  mv "$cluster_dir/tokens/$file.new" "$cluster_dir/tokens/$file"
  cat > "$cluster_dir/kubeconfig.$file" << END
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$cluster_url", certificate-authority: $cluster_dir/ca.crt}}]
users: [{name: user, user: {token: "$token"}}]
contexts: [{name: test, context: {cluster: test, user: user}}]
current-context: test
END
}

cluster_agent() { cluster_user system:serviceaccount:schedkit-system:sked-agent '' "$1" "agent-$1"; }
cluster_coordinator() { cluster_user system:serviceaccount:schedkit-system:sked-coordinator '' '' coordinator; }

kc_as() {
  local user=$1
  shift
  HOME=$cluster_dir/empty KUBECONFIG=$cluster_dir/kubeconfig.$user "$cluster_bin/kubectl" "$@"
}
kc() { kc_as admin "$@"; }

# cluster_await WHAT PID COMMAND…: until COMMAND succeeds; gives up after a minute, or when PID is gone.
cluster_await() {
  local what=$1 pid=$2 end=$((SECONDS + 60))
  shift 2
  until "$@" > /dev/null 2>&1; do
    kill -0 "$pid" 2> /dev/null || { tail -n 20 "$cluster_dir/$what.log" >&2; warn "$what ended"; return 1; }
    [ "$SECONDS" -lt "$end" ] || { tail -n 20 "$cluster_dir/$what.log" >&2; warn "$what is not ready after a minute"; return 1; }
    sleep 0.1
  done
}

cluster_up() {
  local etcd=http://127.0.0.1:$cluster_etcd_port d=$cluster_dir
  case $1 in
    etcd)
      "$cluster_bin/etcd" --data-dir "$d/etcd" --listen-client-urls "$etcd" --advertise-client-urls "$etcd" --unsafe-no-fsync \
        --listen-peer-urls "http://127.0.0.1:$cluster_peer_port" >> "$d/etcd.log" 2>&1 &
      cluster_pid[etcd]=$!
      cluster_await etcd "$!" curl -sf -m 2 "$etcd/health"
      ;;
    apiserver)
      "$cluster_bin/apiserver" --etcd-servers "$etcd" --bind-address 127.0.0.1 --secure-port "$cluster_port" \
        --tls-cert-file "$d/server.crt" --tls-private-key-file "$d/server.key" --token-file "$d/tokens.json" >> "$d/apiserver.log" 2>&1 &
      cluster_pid[apiserver]=$!
      cluster_await apiserver "$!" curl -sf -m 2 --cacert "$d/ca.crt" -H "Authorization: Bearer $(cat "$d/tokens/admin")" "$cluster_url/readyz"
      ;;
  esac
}

cluster_start() { cluster_up etcd && cluster_up apiserver; }

cluster_kill() {
  kill -9 "${cluster_pid[$1]}"
  wait "${cluster_pid[$1]}" 2> /dev/null || :
  unset "cluster_pid[$1]"
}

cluster_stop() {
  local program
  for program in apiserver etcd; do [ -z "${cluster_pid[$program]:-}" ] || cluster_kill "$program"; done
}

cluster_node() {
  local name=$1 label labels='' sep=''
  shift
  for label in "kubernetes.io/hostname=$name" "$@"; do labels+="$sep\"${label%%=*}\":\"${label#*=}\""; sep=,; done
  printf '{"apiVersion":"v1","kind":"Node","metadata":{"name":"%s","labels":{%s}}}' "$name" "$labels" | kc apply -f - > /dev/null
  kc patch node "$name" --subresource=status --type=merge \
    -p '{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":""}]}}' > /dev/null
}
