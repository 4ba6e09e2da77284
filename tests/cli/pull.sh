#!/bin/bash
# pull.sh BIN: schedkitd and schedctl against Debian's docker-registry: pull, list, verify, keep, remove; the store read by
# skopeo and umoci; kill -9 at random points of pulls (20, with SCHEDKIT_LONG=1 200): afterwards the store verifies and
# the next pull succeeds.
set -u
bin=$1
for tool in docker-registry skopeo umoci; do
  command -v "$tool" > /dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
work=$(mktemp -d)
registry= daemon= failures=0
RANDOM=${SCHEDKIT_SEED:-1}
end() {
  [ -z "$daemon" ] || kill -9 "$daemon" 2> /dev/null
  [ -z "$registry" ] || kill "$registry"
  wait
  rm -rf "$work"
}
trap end EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
schedctl=$bin/schedctl
pause() { read -rt "$1" _ <> <(:) || :; }

expect() {
  local wanted=$1 text=$2 output status
  shift 2
  output=$("$@" 2>&1)
  status=$?
  if [ "$status" != "$wanted" ] || [[ $output != *"$text"* ]]; then
    printf 'FAIL: %s\n  ended with %s, wanted %s and "%s"; it printed:\n%s\n' "$*" "$status" "$wanted" "$text" "$output"
    failures=$((failures + 1))
  fi
}

start_registry() {
  local tries port
  for tries in $(seq 20); do
    port=$((20000 + RANDOM % 20000))
    cat > "$work/registry.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}, delete: {enabled: true}}
http: {addr: "127.0.0.1:$port"}
log: {level: error}
END
    docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
    registry=$!
    for _ in $(seq 100); do
      skopeo inspect --tls-verify=false "docker://127.0.0.1:$port/none" 2>&1 | grep -q "manifest unknown" && { address=127.0.0.1:$port; return; }
      kill -0 "$registry" 2> /dev/null || break
      pause 0.1
    done
  done
  echo "FAIL: the registry does not start"; cat "$work/registry.log"; exit 1
}

start_daemon() {
  mkdir -p "$work/root/etc/schedkit"
  "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" >> "$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 600); do
    "$schedctl" version > /dev/null 2>&1 && return
    kill -0 "$daemon" 2> /dev/null || break
    pause 0.05
  done
  echo "FAIL: schedkitd does not start"; cat "$work/log"; exit 1
}

# make_image TAG: three layers of random data. The size is whole blocks because `umoci insert` forgets the padding of the last.
make_image() {
  rm -rf "$work/layout"
  umoci init --layout "$work/layout" && umoci new --image "$work/layout:$1"
  local layer
  for layer in 1 2 3; do
    rm -rf "$work/tree" && mkdir "$work/tree"
    head -c 3000320 /dev/urandom > "$work/tree/data$layer"
    umoci insert --image "$work/layout:$1" "$work/tree" "/part$layer" || return
  done
  umoci config --config.entrypoint /part1/data1 --image "$work/layout:$1"
  skopeo copy -q --dest-tls-verify=false "oci:$work/layout:$1" "docker://$address/team/scx:$1"
}

start_registry
start_daemon
make_image v1 || { echo "FAIL: cannot make the test image"; exit 1; }
name=$address/team/scx:v1
expect 3 "nothing vouches for $name" "$schedctl" pull "$name"
expect 0 "no images" "$schedctl" images
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "$name" "$schedctl" images
expect 0 "as it should be" "$schedctl" images --verify
expect 0 '"Digest"' skopeo inspect "oci:$work/state/store:$name"
rm -rf "$work/bundle"
expect 0 "" umoci unpack --image "$work/state/store:$name" "$work/bundle"
root=$(echo "$work"/state/rootfs/*/rootfs)
for layer in 1 2 3; do expect 0 "" cmp "$work/bundle/rootfs/part$layer/data$layer" "$root/part$layer/data$layer"; done
expect 1 "does-not-exist" "$schedctl" pull --allow-unsigned "$address/team/scx:does-not-exist"
expect 0 "removed $name" "$schedctl" rm "$name"
expect 0 "no images" "$schedctl" images
[ -z "$(ls "$work/state/store/blobs/sha256" "$work/state/rootfs" "$work/state/tmp" | grep -v :)" ] || expect 0 "" false

# Kills. A pull takes about this long here:
begun=${EPOCHREALTIME/./}
expect 0 "" "$schedctl" pull --allow-unsigned "$name"
whole=$(((${EPOCHREALTIME/./} - begun) / 1000))
kills=20
[ -z "${SCHEDKIT_LONG:-}" ] || kills=200
for ((i = 0; i < kills; i++)); do
  "$schedctl" rm "$name" > /dev/null 2>&1
  "$schedctl" pull --allow-unsigned "$name" > /dev/null 2>&1 &
  client=$!
  pause "$(printf '%d.%03d' $((RANDOM % (whole + 50) / 1000)) $((RANDOM % (whole + 50) % 1000)))"
  kill -9 "$daemon"
  wait "$daemon" "$client" 2> /dev/null
  start_daemon
  expect 0 "as it should be" "$schedctl" images --verify
  [ -z "$(ls "$work/state/tmp")" ] || { ls -lR "$work/state/tmp"; expect 0 "left in tmp" false; }
  [ "$failures" = 0 ] || break
done
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "as it should be" "$schedctl" images --verify
echo "$i kills within $whole ms"
[ "$failures" = 0 ] || tail -n 40 "$work/log"
[ "$failures" = 0 ]
