#!/bin/bash
# sked.sh BIN: sked render and prune as a user calls them, and schedctl check on what they write.
set -euo pipefail
bin=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

cat > "$directory/all.yaml" <<'YAML'
apiVersion: sked.schedkit.io/v1alpha1
kind: SchedPolicy
metadata: {name: build}
spec:
  nodeSelector: {matchLabels: {pool: build}}
  rules:
  - name: compile
    use: {image: "ghcr.io/schedkit/scx_lavd:1.0"}
    when: [{process: {comm: [cc1plus]}}]
---
apiVersion: sked.schedkit.io/v1
kind: SchedExt
metadata: {name: schedext-sample}
spec: {sched: "ghcr.io/schedkit/scheds/scx_rusty:latest"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: not-ours}
YAML
mkdir "$directory/out"
echo '# mine' > "$directory/out/k8s-mine.toml"

"$bin/sked" render < "$directory/all.yaml" > "$directory/printed" 2> "$directory/said"
grep -q 'SchedPolicy build: not rendered: its nodeSelector' "$directory/said" || fail "a node without the label: $(cat "$directory/said")"
grep -q '^# k8s-default_schedext-sample.toml$' "$directory/printed" || fail "nothing printed"

"$bin/sked" render -f "$directory/all.yaml" -l pool=build -o "$directory/out" 2> /dev/null
"$bin/schedctl" check "$directory/out/k8s-build.toml" "$directory/out/k8s-default_schedext-sample.toml" > "$directory/said" 2>&1 \
  || fail "schedctl check: $(cat "$directory/said")"
before=$(stat -c %i "$directory/out/k8s-build.toml")
"$bin/sked" render -f "$directory/all.yaml" -l pool=build -o "$directory/out" 2> "$directory/said"
[ "$before" = "$(stat -c %i "$directory/out/k8s-build.toml")" ] || fail "an equal file was written again"

status=0
sed 's/cc1plus/cc1plus], cmdlin: [x/' "$directory/all.yaml" | "$bin/sked" render -l pool=build > /dev/null 2> "$directory/said" || status=$?
[ $status = 1 ] && grep -q 'unknown key "cmdlin"' "$directory/said" || fail "status $status: $(cat "$directory/said")"
status=0
"$bin/sked" rendr > /dev/null 2>&1 || status=$?
[ $status = 64 ] || fail "an unknown verb gives $status"

status=0
"$bin/sked" status -o yaml > /dev/null 2>&1 || status=$?
[ $status = 64 ] || fail "an unknown output gives $status"
status=0
"$bin/sked" status --kubeconfig "$directory/none" > "$directory/said" 2>&1 || status=$?
[ $status = 1 ] && grep -q "$directory/none" "$directory/said" || fail "status $status: $(cat "$directory/said")"

"$bin/sked" prune -d "$directory/out" > /dev/null
[ "$(ls "$directory/out")" = k8s-mine.toml ] || fail "left: $(ls "$directory/out")"
echo ok
