#!/bin/bash
# admission.sh: k8s/deploy on a real API server: what `apply -k` makes, which policies are taken and which are refused with what
# message, what each account may do, and that an agent writes for its own node only.
set -euo pipefail
. "$(dirname "$0")/cluster.sh"
deploy=$schedkit_root/k8s/deploy
directory=$(mktemp -d)
trap 'cluster_stop; rm -rf "$directory"' EXIT
failures=0 checks=0

bad() { printf 'FAILED: %s\n' "$*" >&2; failures=$((failures + 1)); }
policy() { printf 'apiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {name: %s}\nspec: %s\n' "$1" "$2"; }
rule() { policy case "{rules: [{name: r, use: {builtin: kernel}, $1}]}"; }

try() { kc create --dry-run=server -f - 2>&1; }
# accept NAME MANIFEST, refuse NAME MESSAGE MANIFEST
accept() {
  local said
  checks=$((checks + 1))
  said=$(try <<< "$2") || bad "$1: refused: $said"
}
refuse() {
  local said
  checks=$((checks + 1))
  if said=$(try <<< "$3"); then bad "$1: accepted"; elif [[ $said != *"$2"* ]]; then bad "$1: no '$2' in: $said"; fi
}
can() {
  local wanted=$1 user=$2 answer
  shift 2
  checks=$((checks + 1))
  answer=$(kc_as "$user" auth can-i "$@" 2> /dev/null) || :
  [ "${answer%% *}" = "$wanted" ] || bad "$user, $*: can-i says '$answer', wanted $wanted"
}

cluster_create "$directory"
cluster_start
cluster_agent a
cluster_agent b
cluster_user system:serviceaccount:schedkit-system:sked-agent '' '' agent-nowhere
cluster_coordinator
cluster_user viewer

say "kubectl apply -k, twice, and with each overlay"
# A definition is served a moment after it is there; kubectl says so for objects of its kind, of which there are none in the base.
kc apply -k "$deploy" > /dev/null || bad "apply -k"
again=$(kc apply -k "$deploy") || bad "apply -k again"
! grep -v unchanged <<< "$again" | grep -v customresourcedefinition || bad "a second apply -k changes something"
kc wait --for=condition=Established --timeout=60s crd --all > /dev/null || bad "definitions are not served"
for overlay in pods daemon; do
  said=$(kc apply -k "$deploy/overlays/$overlay" --server-side --force-conflicts --dry-run=server 2>&1) || bad "apply -k overlays/$overlay: $said"
done
kc get skp,nsd > /dev/null 2>&1 || bad "short names"
[[ $(kc api-resources --categories=schedkit -o name | wc -l) = 3 ]] || bad "category schedkit"

say "what is taken"
image=ghcr.io/schedkit/scx_lavd:1.0
accept "default only" "$(policy case '{default: {builtin: kernel}}')"
accept "default with mode" "$(policy case "{default: {image: $image, mode: quiet, modes: {quiet: [-q]}}}")"
accept "all of a scheduler" "$(policy case "{default: {image: \"$image\", args: [-v], env: {A: b}, standby: true, memory: 256MiB, pids: 100, loadTimeout: 30s, probation: 1m30s}}")"
accept "digest" "$(policy case "{default: {image: \"localhost:5000/a/b@sha256:$(printf '%064d' 0)\"}}")"
accept "all of a policy" "$(policy case '{priority: 0, suspend: true, deletionPolicy: Keep, nodeSelector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: In, values: [d]}, {key: e, operator: DoesNotExist}]}, default: {builtin: kernel}}')"
accept "all of a rule" "$(policy case "{rules: [{name: r, priority: 1000, delay: \"0\", linger: 1d2h, mode: fast, use: {image: \"$image\", modes: {fast: [-f]}}}]}")"
accept process "$(rule 'when: [{process: {comm: [cc1plus], exe: ["/usr/*"], cmdline: ["* -j*"], env: {A: ["?*"]}, user: [root], parent: [make], cgroup: ["/user.slice/**"]}}]')"
accept cgroup "$(rule 'when: [{cgroup: {path: [/, "/a.b/..c/*", /.d], state: exists}}], unless: [{cgroup: {path: [/kubepods.slice]}}]')"
accept time "$(rule 'when: [{time: {start: "22:00", end: "24:00", days: [Mon, Sun], timeZone: Europe/Berlin}}]')"
accept dbusSignal "$(rule 'when: [{dbusSignal: {bus: system, sender: org.freedesktop.login1, path: /org/freedesktop/login1, interface: org.freedesktop.login1.Manager, member: PrepareForSleep, args: {"0": "a*", "63": b}, for: 30m, until: {member: Other}}}]')"
accept dbusProperty "$(rule 'when: [{dbusProperty: {name: org.freedesktop.UPower, path: /org/freedesktop/UPower, interface: org.freedesktop.UPower, property: LidIsClosed, equals: true}}, {dbusProperty: {name: a.b, path: /, interface: a.b, property: P, in: [1, 1.5, x]}}]')"
accept power "$(rule 'when: [{power: {source: [battery], profile: [power-saver, balanced]}}]')"
accept pressure "$(rule 'when: [{pressure: {resource: memory, full: 40%, window: 1s500ms}}]')"
accept pod "$(rule 'when: [{pod: {namespace: prod, labels: {app: db}}}]')"
accept "and" "$(rule 'when: [{process: {comm: [a]}, and: [{process: {comm: [b]}}, {pod: {namespace: x}}]}]')"
accept staged "$(policy case '{default: {builtin: kernel}, rollout: {type: Staged, paused: true, staged: {canarySelector: {matchLabels: {canary: "yes"}}, steps: [10, 50, 100], soak: 5m, maxFailed: 1, onFailure: Halt}}}')"
accept "a name of 253 bytes" "$(policy "$(printf 'a%.0s' {1..253})" '{default: {builtin: kernel}}')"
accept "upstream's sample" 'apiVersion: sked.schedkit.io/v1
kind: SchedExt
metadata: {name: schedext-sample, namespace: default}
spec: {sched: "ghcr.io/schedkit/scheds/scx_rusty:latest"}'

say "what is refused"
refuse nothing 'give default, rules or both' "$(policy case '{priority: 1}')"
refuse "no spec" 'spec: Required value' 'apiVersion: sked.schedkit.io/v1alpha1
kind: SchedPolicy
metadata: {name: case}'
refuse "priority" 'less than or equal to 1000' "$(policy case '{priority: 1001, default: {builtin: kernel}}')"
refuse "unknown field" 'unknown field "spec.prio"' "$(policy case '{prio: 1, default: {builtin: kernel}}')"
refuse "unknown condition" 'unknown field "spec.rules[0].when[0].proces"' "$(rule 'when: [{proces: {}, time: {start: "01:00"}}]')"
refuse "profile" 'unknown field "spec.default.profile"' "$(policy case "{default: {image: $image, profile: privileged}}")"
refuse "oci: image" 'spec.default.image' "$(policy case '{default: {image: "oci:/usr/lib/images:a"}}')"
refuse "no registry" 'spec.default.image' "$(policy case '{default: {image: "schedkit/scx_lavd"}}')"
refuse "image and builtin" 'give one of image and builtin' "$(policy case "{default: {image: $image, builtin: kernel}}")"
refuse "neither" 'give one of image and builtin' "$(policy case '{default: {args: [a]}}')"
refuse "builtin with args" 'builtin takes no further field' "$(policy case '{default: {builtin: kernel, args: [a]}}')"
refuse "builtin" 'Unsupported value: "eevdf"' "$(policy case '{default: {builtin: eevdf}}')"
refuse "memory" 'spec.default.memory' "$(policy case "{default: {image: $image, memory: 1GB}}")"
refuse "no memory" 'spec.default.memory' "$(policy case "{default: {image: $image, memory: 0MiB}}")"
refuse "probation of nothing" 'must be more than nothing' "$(policy case "{default: {image: $image, probation: 0s}}")"
refuse "duration" 'spec.rules[0].delay' "$(rule 'delay: 5 minutes')"
refuse "units out of order" 'spec.rules[0].linger' "$(rule 'linger: 5s1m')"
refuse "mode" 'mode is none of use.modes' "$(rule 'mode: fast')"
refuse "two rules of a name" 'Duplicate value' "$(policy case '{rules: [{name: r, use: {builtin: kernel}}, {name: r, use: {builtin: kernel}}]}')"
refuse "a rule named default" 'default is the name of the rule' "$(policy case '{default: {builtin: kernel}, rules: [{name: default, use: {builtin: kernel}}]}')"
refuse "rule name" 'spec.rules[0].name' "$(policy case '{rules: [{name: "a b", use: {builtin: kernel}}]}')"
refuse "injection by name" 'spec.rules[0].name' "$(policy case '{rules: [{name: "a\"\n[trust]", use: {builtin: kernel}}]}')"
refuse "empty when" 'should have at least 1 items' "$(rule 'when: []')"
refuse "empty set" 'should have at least 1 properties' "$(rule 'when: [{}]')"
refuse "empty process" 'should have at least 1 properties' "$(rule 'when: [{process: {}}]')"
refuse "cgroup path" 'spec.rules[0].when[0].cgroup.path[0]' "$(rule 'when: [{cgroup: {path: [/a/../b]}}]')"
refuse "cgroup path at the end" 'spec.rules[0].when[0].cgroup.path[0]' "$(rule 'when: [{cgroup: {path: [/a/]}}]')"
refuse "same times" 'start and end are the same time' "$(rule 'when: [{time: {start: "01:00", end: "01:00"}}]')"
refuse "day" 'Unsupported value: "Monday"' "$(rule 'when: [{time: {days: [Monday]}}]')"
refuse "signal without end" 'give for or until' "$(rule 'when: [{dbusSignal: {member: A}}]')"
refuse "argument 64" 'arguments are named by position' "$(rule 'when: [{dbusSignal: {member: A, for: 1s, args: {"64": a}}}]')"
refuse "session bus" 'Unsupported value: "session"' "$(rule 'when: [{dbusSignal: {bus: session, member: A, for: 1s}}]')"
refuse "equals and in" 'must validate one and only one schema (oneOf)' "$(rule 'when: [{dbusProperty: {name: a.b, path: /, interface: a.b, property: P, equals: 1, in: [1]}}]')"
refuse "full of cpu" 'full does not exist for cpu' "$(rule 'when: [{pressure: {resource: cpu, full: 10%}}]')"
refuse "some and full" 'give one of some and full' "$(rule 'when: [{pressure: {resource: io, full: 10%, some: 10%}}]')"
refuse "window" 'must be from 500ms to 10s' "$(rule 'when: [{pressure: {resource: io, some: 10%, window: 11s}}]')"
refuse "any pod" 'give namespace or labels' "$(rule 'when: [{pod: {labels: {}}}]')"
refuse "and in and" 'unknown field "spec.rules[0].when[0].and[0].and"' "$(rule 'when: [{and: [{and: [], pod: {namespace: a}}]}]')"
refuse "selector" 'values are for In and NotIn' "$(policy case '{default: {builtin: kernel}, nodeSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}')"
refuse "staged without steps" 'rollout.staged is required' "$(policy case '{default: {builtin: kernel}, rollout: {type: Staged}}')"
refuse "falling steps" 'steps must rise' "$(policy case '{default: {builtin: kernel}, rollout: {type: Staged, staged: {steps: [50, 10, 100]}}}')"
refuse "last step" 'the last step must be 100' "$(policy case '{default: {builtin: kernel}, rollout: {type: Staged, staged: {steps: [10, 50]}}}')"
refuse "deletionPolicy" 'Unsupported value: "Orphan"' "$(policy case '{default: {builtin: kernel}, deletionPolicy: Orphan}')"
refuse "SchedExt without image" 'spec.sched: Required value' 'apiVersion: sked.schedkit.io/v1
kind: SchedExt
metadata: {name: a, namespace: default}
spec: {}'

say "accounts"
for verb in get list watch; do
  for resource in schedpolicies.sked.schedkit.io schedexts.sked.schedkit.io nodescheds.sked.schedkit.io nodes; do can yes agent-a "$verb" "$resource"; done
done
can yes agent-a create nodescheds.sked.schedkit.io
can yes agent-a patch nodescheds.sked.schedkit.io --subresource=status
can yes agent-a create events -n default
for verb in update patch delete; do can no agent-a "$verb" nodescheds.sked.schedkit.io; done
for verb in create update patch delete; do can no agent-a "$verb" schedpolicies.sked.schedkit.io; can no coordinator "$verb" schedpolicies.sked.schedkit.io; done
can no agent-a patch schedpolicies.sked.schedkit.io --subresource=status
can no agent-a list pods -A
can no agent-a get secrets -n schedkit-system
can no agent-a create events -n schedkit-system
can no agent-a update nodes
can no agent-a get leases.coordination.k8s.io/sked-coordinator -n schedkit-system
can yes coordinator patch schedpolicies.sked.schedkit.io --subresource=status
can yes coordinator list nodescheds.sked.schedkit.io
can no coordinator patch nodescheds.sked.schedkit.io --subresource=status
can yes coordinator create leases.coordination.k8s.io -n schedkit-system
can yes coordinator update leases.coordination.k8s.io/sked-coordinator -n schedkit-system
can no coordinator update leases.coordination.k8s.io/other -n schedkit-system
can no coordinator get secrets -n schedkit-system
can no viewer list schedpolicies.sked.schedkit.io
kc create clusterrolebinding viewer --clusterrole=schedkit-view --user=viewer > /dev/null
can yes viewer list schedpolicies.sked.schedkit.io
can no viewer create schedpolicies.sked.schedkit.io
kc apply -f "$deploy/overlays/pods/rbac.yaml" > /dev/null
can yes agent-a list pods -A

say "an agent writes for its own node only"
node_sched() { printf '{"apiVersion":"sked.schedkit.io/v1alpha1","kind":"NodeSched","metadata":{"name":"%s"}}' "$1"; }
# The policy is known to the server a moment after it was made.
end=$((SECONDS + 60))
until said=$(node_sched b | kc_as agent-a create --dry-run=server -f - 2>&1 || :) && [[ $said == *'may not write NodeSched b'* ]]; do
  [ "$SECONDS" -lt "$end" ] || { bad "the agent of a can write NodeSched b: $said"; break; }
  sleep 0.2
done
said=$(node_sched a | kc_as agent-a create -f - 2>&1) || bad "the agent of a cannot create its NodeSched: $said"
said=$(node_sched b | kc_as agent-b create -f - 2>&1) || bad "the agent of b cannot create its NodeSched: $said"
status='{"status":{"active":{"scheduler":"kernel"},"policies":[{"name":"games","phase":"Applied"}]}}'
patch_status() { # USER NODE: as the agent does; kubectl would ask for the object first, which agents need not
  curl -sS --fail-with-body --cacert "$directory/ca.crt" -H "Authorization: Bearer $(cat "$directory/tokens/$1")" -X PATCH \
    -H 'Content-Type: application/merge-patch+json' -d "$status" "$cluster_url/apis/sked.schedkit.io/v1alpha1/nodescheds/$2/status" 2>&1
}
said=$(patch_status agent-a a) || bad "own status: $said"
if said=$(patch_status agent-a b); then bad "status of another node"; fi
[[ $said == *'the agent of node a may not write NodeSched b'* ]] || bad "the message: $said"
if said=$(node_sched c | kc_as agent-nowhere create -f - 2>&1); then bad "a token without a node"; fi
[[ $said == *'names no node'* ]] || bad "the message: $said"
[ "$(kc get nsd a -o 'jsonpath={.status.active.scheduler}')" = kernel ] || bad "the status was not kept"
[ "$(kc get nsd --field-selector status.active.scheduler=kernel -o name)" = nodesched.sked.schedkit.io/a ] || bad "field selector"
if kc patch nodesched a --subresource=status --type=merge -p '{"status":{"policies":[{"name":"a","phase":"Fine"}]}}' 2> /dev/null; then bad "phase"; fi

say "$checks checks, $failures failures"
[ "$failures" = 0 ]
