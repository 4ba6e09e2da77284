#!/bin/bash
# pull.sh BIN: schedkitd and schedctl against Debian's docker-registry: pull, list, verify, keep, remove; the store read by
# skopeo and umoci; kill -9 at random points of pulls (8, with SCHEDKIT_LONG=1 200): afterwards the store verifies and
# the next pull succeeds.
set -u
bin=$1
. "$(dirname "$0")/registry_lib.sh"

start_registry plain
start_daemon
name=$address/team/scx:v1
make_image v1 && skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v1" "docker://$name" || {
  echo "FAIL: cannot make the test image"
  exit 1
}
expect 3 "$name is not trusted" "$schedctl" pull "$name"
expect 0 "no images" "$schedctl" images
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "\"reference\": \"$name\"" "$schedctl" pull --allow-unsigned -o json "$name"
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
kills=8
[ -z "${SCHEDKIT_LONG:-}" ] || kills=200
resumed=0
for ((i = 0; i < kills; i++)); do
  "$schedctl" rm "$name" > /dev/null 2>&1
  "$schedctl" pull --allow-unsigned "$name" > /dev/null 2>&1 &
  client=$!
  pause "$(printf '%d.%03d' $((RANDOM % (whole + 50) / 1000)) $((RANDOM % (whole + 50) % 1000)))"
  kill -9 "$daemon"
  wait "$daemon" "$client" 2> /dev/null
  start_daemon
  expect_clean
  [ -z "$(ls "$work/state/partial")" ] || resumed=$((resumed + 1))
  [ "$failures" = 0 ] || break
done
expect 0 "$name sha256:" "$schedctl" pull --allow-unsigned "$name"
expect 0 "as it should be" "$schedctl" images --verify
expect 0 "freed" "$schedctl" prune
[ -z "$(ls "$work/state/partial")" ] || expect 0 "nothing left in partial" false

# Without a daemon root has the same store.
stop_daemon
alone=("$bin/schedctl-image" --root "$work/root" --state-dir "$work/state")
expect 0 "$name" "${alone[@]}" images
expect 3 "$name is not trusted" "${alone[@]}" pull "$address/team/scx:v1"
make_image v2 && skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v2" "docker://$address/team/scx:v2"
expect 0 "$address/team/scx:v2 sha256:" "${alone[@]}" pull --allow-unsigned "$address/team/scx:v2"
expect 0 "as it should be" "${alone[@]}" images --verify
expect 4 "unreachable" "$schedctl" images # that daemon's store is not here
expect 0 "$address/team/scx:v2" unshare --mount bash -c "
  mount -t tmpfs none /var/lib && mkdir /var/lib/schedkit && mount --bind '$work/state' /var/lib/schedkit || exit
  mount -t tmpfs none /run && unset SCHEDKIT_RUN_DIR && exec '$schedctl' images"
echo '[trust' > "$work/root/etc/schedkit/broken.toml"
expect 1 "schedctl check" "${alone[@]}" pull "$name"
rm "$work/root/etc/schedkit/broken.toml"
start_daemon
expect 0 "$address/team/scx:v2" "$schedctl" images
echo "$i kills within $whole ms; $resumed left parts to go on with"
finish
