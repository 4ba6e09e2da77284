#!/bin/bash
# coordinator.sh BINARIES: sked coordinate with the account of k8s/deploy on a real API server; the nodes' agents are played.
# A staged rollout goes step by step, halts at a failure, is paused, and is taken over when its leader is killed.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
sked=$(cd "$1" && pwd)/sked
directory=$(mktemp -d)
declare -A coordinators=()
cleanup() {
  local pid
  for pid in "${coordinators[@]}"; do kill -9 "$pid" 2> /dev/null || :; done
  cluster_stop
  rm -rf "$directory"
}
trap cleanup EXIT

start_coordinator() {
  "$sked" coordinate --kubeconfig "$directory/kubeconfig.coordinator" --identity "$1" > "$directory/$1.log" 2>&1 &
  coordinators[$1]=$!
}
policy() { # STEPS-AND-MORE IMAGE
  printf 'apiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {name: games}\nspec:\n  default: {image: "r.example/%s:1"}\n' "$2"
  printf '  rollout: {type: Staged, %s}\n' "$1"
}
field() { kc get skp games -o "jsonpath={.status.$1}"; }
# await WHAT VALUE: until a field of the status is that.
await() {
  local end=$((SECONDS + 90)) now
  until now=$(field "$1") && [ "$now" = "$2" ]; do
    [ "$SECONDS" -lt "$end" ] || { kc get skp games -o yaml >&2; tail -n 20 "$directory"/*.log >&2; die "$1 is '$now', wanted '$2'"; }
    sleep 0.2
  done
}
# report PHASE NODE…: what these agents say of the policy as it is.
report() {
  local phase=$1 node generation
  shift
  generation=$(kc get skp games -o 'jsonpath={.metadata.generation}')
  for node in "$@"; do
    kc patch nodesched "$node" --subresource=status --type=merge -p \
      "{\"status\":{\"policies\":[{\"name\":\"games\",\"phase\":\"$phase\",\"observedGeneration\":$generation}]}}" > /dev/null
  done
}

cluster_create "$directory"
cluster_start
cluster_coordinator
kc apply -k "$schedkit_root/k8s/deploy" > /dev/null
kc wait --for=condition=Established --timeout=60s crd --all > /dev/null
nodes=(n0 n1 n2 n3 n4 n5)
cluster_node n0 canary=yes
for node in "${nodes[@]:1}"; do cluster_node "$node"; done
for node in "${nodes[@]}"; do
  printf '{"apiVersion":"sked.schedkit.io/v1alpha1","kind":"NodeSched","metadata":{"name":"%s"}}' "$node" | kc create -f - > /dev/null
done
start_coordinator one

say "canaries, then everybody"
staged='staged: {canarySelector: {matchLabels: {canary: "yes"}}, steps: [100], soak: 2s}'
policy "$staged" a | kc apply -f - > /dev/null
await rollout.phase Progressing
await nodes.updated 1
[ "$(field rollout.percent)" = 0 ] || die "the canaries are not alone"
report Applied n0
await rollout.percent 100
await nodes.updated 6
report Applied "${nodes[@]}"
await rollout.phase Complete
told=$("$sked" status --kubeconfig "$directory/kubeconfig.coordinator")
grep -q "^games  *Complete  *6/6" <<< "$told" || die "sked status says $told"
told=$("$sked" status games --kubeconfig "$directory/kubeconfig.coordinator")
grep -q "^n5 .* Applied" <<< "$told" || die "sked status games says $told"
await 'conditions[?(@.type=="Ready")].status' True
first=$(field rollout.revision)
[ "$(field rollout.stableRevision)" = "$first" ] || die "the stable revision"

say "a failed canary halts it; the leader is killed, and another goes on"
policy "$staged" b | kc apply -f - > /dev/null
await nodes.updated 1
report Failed n0
await rollout.phase Halted
await 'conditions[?(@.type=="Ready")].reason' RolloutHalted
start_coordinator two
kill -9 "${coordinators[one]}"
report Applied n0
await rollout.percent 100
[ "$(kc get lease sked-coordinator -n schedkit-system -o 'jsonpath={.spec.holderIdentity}')" = two ] || die "the lease"

say "a node that is not ready holds it"
report Applied "${nodes[@]}"
kc patch node n3 --subresource=status --type=merge -p '{"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}}' > /dev/null
policy "$staged" c | kc apply -f - > /dev/null
await nodes.updated 1
report Applied "${nodes[@]}"
await rollout.percent 100
await nodes.applied 5
await rollout.phase Progressing
cluster_node n3
await rollout.phase Complete

say "paused, and back to what was everywhere at once"
policy "paused: true, $staged" d | kc apply -f - > /dev/null
await rollout.phase Paused
report Applied "${nodes[@]}"
await nodes.applied 6
await rollout.percent 0
policy "$staged" c | kc apply -f - > /dev/null
await rollout.percent 100
report Applied "${nodes[@]}"
await rollout.phase Complete

say "the API server is killed and comes back"
cluster_kill apiserver
cluster_up apiserver
report Failed n1
await nodes.failed 1
await 'failedNodes[0]' n1
