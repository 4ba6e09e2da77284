#!/bin/bash
# agent.sh BIN: sked agent against a real API server and a real schedkitd: what the cluster says becomes files, what became of them the
# node's NodeSched, and through everything that may happen to the server no file goes or changes that should not.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
bin=$1
deploy=$schedkit_root/k8s/deploy
directory=$(mktemp -d)
daemon='' agent=''
finish() {
  local status=$? pid
  for pid in $agent $daemon; do kill -CONT "$pid" 2> /dev/null || :; kill "$pid" 2> /dev/null || :; done
  cluster_stop
  [ $status = 0 ] || tail -n 40 "$directory/agent.log" "$directory/daemon.log" >&2 || :
  rm -rf "$directory"
}
trap finish EXIT
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# until_true WHAT COMMAND…: a minute at most.
until_true() {
  local what=$1 end=$((SECONDS + 90))
  shift
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || fail "$what: $(kc get nsd n1 -o yaml 2>&1 | tail -n 60)"
    sleep 0.2
  done
}
policy() { printf 'apiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {name: %s}\nspec: %s\n' "$1" "$2" | kc apply -f - > /dev/null; }
files=$directory/root/etc/schedkit/cluster
has_text() { grep -q -e "$2" "$files/$1"; }
gone() { [ ! -e "$files/$1" ]; }
phase() { [ "$(kc get nsd n1 -o "jsonpath={.status.policies[?(@.name==\"$1\")].phase}")" = "$2" ]; }
condition() { [ "$(kc get nsd n1 -o "jsonpath={.status.conditions[?(@.type==\"$1\")].status}/{.status.conditions[?(@.type==\"$1\")].reason}")" = "$2" ]; }
event() { kc get events -n default -o 'jsonpath={.items[*].reason}' | grep -q "$1"; }
said() { grep -q "$1" "$directory/agent.log"; }
# A file that went and came back, or was written again, has another inode.
inode() { stat -c %i "$files/$1"; }
unchanged() { [ "$(inode k8s-a.toml)" = "$first" ] || fail "$1: the file was written again or was away"; }

cluster_create "$directory/cluster"
cluster_start
kc apply -k "$deploy" > /dev/null 2>&1 || kc apply -k "$deploy" > /dev/null  # definitions are served a moment later
kc wait --for=condition=Established --timeout=60s crd --all > /dev/null
cluster_node n1 pool=build
cluster_agent n1
mkdir -p "$files"
"$bin/schedkitd" --no-system-bus --root "$directory/root" --run-dir "$directory/run" --state-dir "$directory/state" > "$directory/daemon.log" 2>&1 &
daemon=$!
"$bin/sked" agent --node n1 --kubeconfig "$cluster_dir/kubeconfig.agent-n1" -d "$files" --socket "$directory/run/agent/agent.sock" \
  > "$directory/agent.log" 2>&1 &
agent=$!

say "a policy becomes a file, and the answer of schedkitd the status"
policy a '{nodeSelector: {matchLabels: {pool: build}}, default: {builtin: kernel}}'
policy b '{nodeSelector: {matchLabels: {pool: game}}, default: {builtin: kernel}}'
until_true "k8s-a.toml" test -e "$files/k8s-a.toml"
until_true "Applied" phase a Applied
until_true "Ready" condition Ready True/AsWanted
condition DaemonReachable True/Answers || fail "DaemonReachable"
gone k8s-b.toml || fail "a policy for other nodes has a file"
kc get skp a -o yaml | "$bin/sked" render -l pool=build -o "$directory" 2> /dev/null
cmp "$directory/k8s-a.toml" "$files/k8s-a.toml" || fail "sked render makes other bytes"
[ "$(kc get nsd n1 -o 'jsonpath={.metadata.ownerReferences[0].kind}/{.metadata.ownerReferences[0].name}')" = Node/n1 ] || fail "the owner"
[ "$(kc get nsd n1 -o 'jsonpath={.status.active.scheduler}/{.status.kernel.release}')" = "kernel/$(uname -r)" ] || fail "the truth of this kernel"

say "nothing is written when nothing changes"
version=$(kc get nsd n1 -o 'jsonpath={.metadata.resourceVersion}')
first=$(inode k8s-a.toml)
kc label skp a some=label > /dev/null
policy c '{suspend: true, default: {builtin: kernel}}'
until_true "Suspended" phase c Suspended
kc delete skp c > /dev/null
unchanged "labels"
[ "$version" != "$(kc get nsd n1 -o 'jsonpath={.metadata.resourceVersion}')" ] || fail "a status without the suspended policy"

say "what the node itself says is above, and told"
printf '[[rules]]\nname = "own"\nuse = "kernel"\n' > "$directory/root/etc/schedkit/k8s-a.toml"
until_true "Overridden" phase a Overridden
until_true "an event" event PolicyOverridden
rm "$directory/root/etc/schedkit/k8s-a.toml"
until_true "Applied again" phase a Applied

say "the API server is killed, and the truth goes on"
cluster_kill apiserver
printf '# not ours\n' > "$files/other.toml"
cluster_up apiserver
policy a '{priority: 7, default: {builtin: kernel}}'
until_true "the next revision" has_text k8s-a.toml 'priority = 7'
until_true "Applied after the restart" phase a Applied
first=$(inode k8s-a.toml)

say "etcd is killed"
cluster_kill etcd
cluster_up etcd
policy d '{default: {builtin: kernel}}'
until_true "a new policy" test -e "$files/k8s-d.toml"
unchanged "etcd"

say "a real 410: a server that was started anew does not remember what the agent missed"
kill -STOP "$agent"
kc delete skp d > /dev/null
cluster_kill apiserver
cluster_up apiserver
kc annotate skp a n=1 > /dev/null
kill -CONT "$agent"
until_true "a deletion that nobody told" gone k8s-d.toml
said 410 || fail "no 410 came: $(cat "$directory/agent.log")"
unchanged "410"

say "another token, another authority"
cluster_agent n1
cluster_certificates
cluster_kill apiserver
cluster_up apiserver
kc annotate --overwrite skp a token=new > /dev/null
policy e '{default: {builtin: kernel}}'
until_true "a policy with the new token" test -e "$files/k8s-e.toml"
unchanged "rotation"

say "rights are taken away and given back"
kc get clusterrolebinding sked-agent -o yaml > "$directory/binding.yaml"
kc delete clusterrolebinding sked-agent > /dev/null
cluster_kill apiserver
cluster_up apiserver
until_true "403" said '403'
kc delete skp e > /dev/null
unchanged "403"
[ -e "$files/k8s-e.toml" ] || fail "a file went without rights to know"
kc create -f "$directory/binding.yaml" > /dev/null
until_true "the deletion, with rights" gone k8s-e.toml
unchanged "rights"

say "the definition is deleted, with all its objects"
kc get crd schedpolicies.sked.schedkit.io -o yaml > "$directory/crd.yaml"
kc delete crd schedpolicies.sked.schedkit.io > /dev/null
until_true "it is seen" said 'SchedPolicies: the cluster does not know such objects'
unchanged "the definition went"
kc create -f "$directory/crd.yaml" > /dev/null 2>&1 || kc apply -k "$deploy" > /dev/null
kc wait --for=condition=Established --timeout=60s crd schedpolicies.sked.schedkit.io > /dev/null
policy f '{default: {builtin: kernel}}'
until_true "a policy after it" test -e "$files/k8s-f.toml"
until_true "what did not come back goes" gone k8s-a.toml

say "the end leaves everything as it is"
kill "$agent"
wait "$agent" || fail "the agent ends with $?"
agent=''
[ -e "$files/k8s-f.toml" ] || fail "its files went with it"
[ "$(cat "$files/other.toml")" = '# not ours' ] || fail "somebody else's file"
! grep -E 'ERROR|AddressSanitizer|runtime error' "$directory/agent.log" || fail "what the agent said"
echo ok
