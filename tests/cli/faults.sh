#!/bin/bash
# faults.sh BIN: a registry that does everything wrong (registry_proxy.py): never a wrong image, always a clear error or the right image
# in spite of it, and nothing left. Full and read-only disks too. With SCHEDKIT_LONG=1 also what needs minutes.
set -u
bin=$1
. "$(dirname "$0")/registry_lib.sh"
start_registry plain
start_proxy "$address"
export REGISTRY_AUTH_FILE=$work/auth.json
printf '{"auths": {"%s": {"auth": "%s"}}}' "$proxy" "$(printf reader:secret | base64)" > "$REGISTRY_AUTH_FILE"
start_daemon
name=$proxy/team/scx:v1
make_image v1 && skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v1" "docker://$address/team/scx:v1" || {
  echo "FAIL: cannot make the test image"
  exit 1
}

fault() { echo "$*" > "$work/proxy/fault"; : > "$work/proxy/requests"; }

# survives FAULT…: the image is here in spite of it.
survives() {
  fault "$@"
  expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
  expect "0" "$1 0" cat "$work/proxy/fault"
  expect_clean
  expect 0 "removed $name" "$schedctl" rm "$name"
}

# fails STATUS TEXT FAULT…: a clear error, and nothing is here.
fails() {
  local status=$1 text=$2
  shift 2
  fault "$@"
  expect "$status" "$text" "$schedctl" pull --allow-unsigned "$name"
  expect 0 "no images" "$schedctl" images
  expect_clean
  [ -z "$(ls "$work/state/store/blobs/sha256" "$work/state/rootfs" | grep -v : )" ] || expect 0 "nothing left" false
}

survives busy 2
survives server-error 2
survives reset 3
expect 0 "bytes=1" cat "$work/proxy/requests" # it went on where it ended
survives short 3
expect 0 "bytes=1" cat "$work/proxy/requests"
fails 1 "digest" wrong-bytes 9
fails 1 "digest" wrong-manifest 1
fails 1 "bytes" longer 99
fails 1 "more than 1 MiB" endless-token 99
survives redirect 3
other=$(cat "$work/proxy/other")
grep "^${other#*:} GET .*/blobs/" "$work/proxy/requests" > "$work/redirected"
expect 0 " - " cat "$work/redirected"
expect 1 "" grep -v " - -$" "$work/redirected" # no credentials went there …
expect 0 "Bearer_" grep "^${proxy#*:} GET .*/blobs/" "$work/proxy/requests"
if [ -n "${SCHEDKIT_LONG:-}" ]; then
  fails 1 "slow" slow 99
  fails 1 "429" busy 99
fi
fault none 0

# A disk that is full, and one that cannot be written to.
stop_daemon
if mkdir -p "$work/small" && mount -t tmpfs -o size=12m none "$work/small" 2> /dev/null; then
  kept=$work/state
  state() { "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$1" >> "$work/log" 2>&1 & daemon=$!; }
  wait_for_daemon() { for _ in $(seq 600); do "$schedctl" version > /dev/null 2>&1 && return; kill -0 "$daemon" || break; pause 0.05; done; }
  state "$work/small/state"
  wait_for_daemon
  expect 1 "space" "$schedctl" pull --allow-unsigned "$name"
  expect 0 "no images" "$schedctl" images
  expect 0 "as it should be" "$schedctl" images --verify
  stop_daemon
  umount "$work/small"
  # Read-only: what is there is still listed, nothing comes in.
  start_daemon
  expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
  stop_daemon
  mkdir "$work/fixed" && mount --bind "$kept" "$work/fixed" && mount -o remount,ro,bind "$work/fixed"
  state "$work/fixed"
  wait_for_daemon
  expect 0 "$name" "$schedctl" images
  expect 3 "ead-only file system" "$schedctl" pull --allow-unsigned "$proxy/team/scx@$(skopeo inspect "oci:$kept/store:$name" --format '{{.Digest}}')"
  stop_daemon
  umount "$work/fixed"
else
  echo "SKIPPED: full and read-only disks, mounting is not permitted"
fi
finish
