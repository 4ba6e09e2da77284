#!/bin/bash
# schedctl as a script sees it: exit codes with a real daemon, without one, with wrong words, and `check` on files.
set -u
bin=$1
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; }; rm -rf "$work"' EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
. "$(dirname "$0")/expect.sh"
schedctl=$bin/schedctl

expect 64 "" "$schedctl" nonsense
expect 64 "" "$schedctl" status -o yaml
expect 0 "Usage" "$schedctl" --help
for verb in status ps run stop auto hold exec loader check reload list pull images rm prune versions info pack push pin logs completion policy; do
  expect 0 "Examples" "$schedctl" $verb --help
done
expect 4 "" "$schedctl" status
export SCHEDKIT_CATALOG=$work/catalog.json
expect 1 "catalog.json" "$schedctl" list
printf '{"scx_a": {"imageURI": "registry.invalid/a:1"}}' > "$SCHEDKIT_CATALOG"
expect 0 "scx_a" "$schedctl" list
expect 0 '"imageURI": "registry.invalid/a:1"' "$schedctl" list -o json
printf '{"scx_a": {"image": 1}}' > "$SCHEDKIT_CATALOG"
expect 1 'needs a member "imageURI"' "$schedctl" list
expect 4 "" "$schedctl" run x
expect 4 "" "$schedctl" stop
expect 4 "" "$schedctl" logs

printf '[[rules]]\nname = "r"\nuse = "kernel"\n' > "$work/good.toml"
printf '[[rules]]\nname = "r"\nuse = "kernel"\npriorty = 3\n' > "$work/typo.toml"
expect 0 "" "$schedctl" check "$work/good.toml"
expect 1 "typo.toml:4:1" "$schedctl" check "$work/typo.toml"
expect 1 "priority" "$schedctl" check "$work/typo.toml"
expect 0 '"ok": true' "$schedctl" check -o json "$work/good.toml"
expect 0 "error typo.toml 4 1" bash -c "'$schedctl' check -o json '$work/typo.toml' |
  jq -r '.messages[0] | \"\(.severity) \(.file | sub(\".*/\"; \"\")) \(.line) \(.column)\"'"
expect 4 "unreachable" "$schedctl" version -o json
expect 1 "" "$schedctl" check "$work/missing.toml"

# doctor: 1 exactly when a check of severity error failed; without capabilities one does, wherever this runs.
report=$("$schedctl" doctor -o json)
status=$?
blocking=$(sed -n 's/.*"blocking": *\([0-9]*\).*/\1/p' <<< "$report")
if [ -z "$blocking" ] || [ $status != $((blocking > 0)) ]; then
  printf 'FAIL: schedctl doctor ended with %s, with "%s" blocking failures\n' $status "$blocking"
  failures=$((failures + 1))
fi

if [ "$(id -u)" = 0 ]; then
  expect 1 '"blocking": ' setpriv --bounding-set=-all "$schedctl" doctor -o json
  mkdir -p "$work/root/etc/schedkit"
  "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" > "$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 600); do [ -S "$work/run/schedkitd.sock" ] && break; read -rt 0.05 _ <> <(:); done
  expect 0 "kernel" "$schedctl" status
  expect 0 '"schema_version": "1"' "$schedctl" status -o json
  expect 0 "PID" "$schedctl" ps
  expect 0 "[]" "$schedctl" ps -o json
  [ -d /sys/kernel/sched_ext ] || expect 0 '"state": "unsupported"' "$schedctl" status -o json
  expect 1 "no policy defines" "$schedctl" run nobody
  printf '{"scx_lavd": {"imageURI": "registry.invalid/a:1"}}' > "$SCHEDKIT_CATALOG"
  expect 1 'did you mean "scx_lavd"?' "$schedctl" run scx_lavdd
  expect 0 "" "$schedctl" logs
  expect 0 "" "$schedctl" logs -o json
  expect 0 '"schedkitd": "' "$schedctl" version -o json
  expect 0 "" "$schedctl" reload
  expect 0 "" "$schedctl" auto

  # Images, with what other tools put into the store.
  expect 0 "no images" "$schedctl" images
  expect 1 "is not in the store" "$schedctl" rm registry.test/none:1
  expect 1 "not a reference" "$schedctl" pull "not a reference"
  if command -v umoci > /dev/null && command -v skopeo > /dev/null; then
    store=oci:$work/state/store name=registry.test/team/scx:v1
    umoci init --layout "$work/l" && umoci new --image "$work/l:x" && mkdir -p "$work/tree" && echo hello > "$work/tree/scx" &&
      umoci insert --image "$work/l:x" "$work/tree/scx" /scx && umoci config --config.entrypoint /scx --image "$work/l:x"
    skopeo copy -q "oci:$work/l:x" "$store:$name"
    expect 0 "$name" "$schedctl" images
    expect 0 '"current": true' "$schedctl" images -o json
    expect 0 "as it should be" "$schedctl" images --verify
    expect 0 "sha256" skopeo inspect "$store:$name"
    expect 0 "$name" umoci ls --layout "$work/state/store"
    expect 0 "freed" "$schedctl" prune
    expect 0 '"freed_bytes"' "$schedctl" prune -o json
    expect 1 '"images"' "$schedctl" rm registry.test/none:1 "$name" -o json
    skopeo copy -q "oci:$work/l:x" "$store:$name"
    expect 0 "removed $name" "$schedctl" rm "$name"
    expect 0 "no images" "$schedctl" images
  fi
  if [ ! -e /sys/kernel/sched_ext ]; then expect 1 "no sched_ext" "$schedctl" run oci:/nowhere:x; fi
  expect 1 "another schedkitd" "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state"
  kill "$daemon"
  wait "$daemon"
  status=$?
  daemon=
  [ "$status" = 0 ] || { echo "FAIL: schedkitd ended with $status"; cat "$work/log"; failures=$((failures + 1)); }
else
  echo "not root: the part with a daemon is left out"
fi
[ "$failures" = 0 ]
