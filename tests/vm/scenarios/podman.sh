# The same images run as a container tool runs them, privileged, stopped and then run anew, beside schedkitd in the same machine; by
# the kernel's own log. Needs podman in the payload (tests/bench/podman.sh).
. "$PAYLOAD/guest.sh"
rounds=10
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
} > /etc/schedkit/bench.toml
start_daemon

mkdir -p /etc/containers
echo '{"default": [{"type": "insecureAcceptAnything"}]}' > /etc/containers/policy.json
echo "$PAYLOAD/podman/lib" > /etc/ld.so.conf.d/podman.conf
ldconfig
podman() {
  "$PAYLOAD/podman/podman" --storage-driver=vfs --cgroup-manager=cgroupfs \
    --conmon "$PAYLOAD/podman/conmon" --runtime "$(command -v crun)" --events-backend=file "$@"
}
step "images"
for name in fifo vtime; do
  podman pull -q "oci:$PAYLOAD/images/schedkit:schedkit_$name" > "$name.image" || fail "podman pull"
done

mark() { echo "podman.sh: mark $1" > /dev/kmsg; }
# exchange WHO FROM TO COMMAND…: COMMAND makes TO follow FROM; adds to WHO.txt "call-to-enabled without-a-scheduler", in ms.
exchange() {
  local who=$1 from=$2 to=$3 begun disabled enabled
  shift 3
  mark "$who"
  "$@" || fail "$who: $*"
  expect_state enabled 120 "schedkit_$to"
  begun=$(kernel_time "podman.sh: mark $who") disabled=$(kernel_time "\"schedkit_$from\" disabled") enabled=$(kernel_time "\"schedkit_$to\" enabled")
  echo "$(((10#$enabled - 10#$begun) / 1000)) $(((10#$enabled - 10#$disabled) / 1000))" >> "$who.txt"
  say "$who: $(tail -n 1 "$who.txt") ms"
}
podman_exchange() {
  podman stop -t 10 "$1" > /dev/null && podman rm "$1" > /dev/null &&
    podman run -d --privileged --network=none --name "$2" "$(cat "$2.image")" > /dev/null
}

for ((i = 0; i < rounds; i++)); do
  step "round $((i + 1)) of $rounds"
  assert_ok run "$SCHEDCTL" run fifo
  pause 3
  exchange schedkit fifo vtime "$SCHEDCTL" run vtime
  assert_ok auto "$SCHEDCTL" auto # not stop: a wish for the kernel's own would take podman's away
  podman run -d --privileged --network=none --name fifo "$(cat fifo.image)" > /dev/null || fail "podman run"
  expect_state enabled 120 schedkit_fifo
  pause 3
  exchange podman fifo vtime podman_exchange fifo vtime
  podman rm -f -t 10 vtime > /dev/null || fail "podman rm"
  expect_state disabled 60
done
stop_daemon

middle() { sort -n | awk '{ value[NR] = $1 } END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'; }
{
  for who in schedkit podman; do
    printf '%-9s n=%d median from the command to enabled %s ms, without a scheduler %s ms\n' $who $rounds \
      "$(cut -d ' ' -f 1 $who.txt | middle)" "$(cut -d ' ' -f 2 $who.txt | middle)"
  done
  awk -v a="$(cut -d ' ' -f 1 schedkit.txt | middle)" -v b="$(cut -d ' ' -f 1 podman.txt | middle)" \
    -v c="$(cut -d ' ' -f 2 schedkit.txt | middle)" -v d="$(cut -d ' ' -f 2 podman.txt | middle)" \
    'BEGIN { printf "ratio     %.3f; without a scheduler %.3f\n", a / b, c / d }'
} | tee result.txt
rm schedkit.txt # the daemon's side of podman.txt is in result.txt
mv result.txt podman.txt
