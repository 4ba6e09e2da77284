# The main job, as a timeline: policy dropped, game started, scheduler switched; game ended, scheduler taken back.
# Runs in the VM or on a host with sched_ext (tests/demo.sh); there it takes its policy and its daemon away again.
. "$PAYLOAD/guest.sh"

policy=/etc/schedkit/schedkit-demo.toml
game=$RESULTS/demo_game
game_pid=
[ ! -S /run/schedkit/schedkitd.sock ] || fail "a schedkitd runs here already; stop it first, the demo brings its own"
assert_eq disabled "$(scx_state)" "no scheduler is attached at the start"
clean_up() {
  rm -f "$policy"
  [ -z "$game_pid" ] || kill "$game_pid" 2> /dev/null
  [ -z "$daemon_pid" ] || { "$SCHEDCTL" stop > /dev/null 2>&1; kill "$daemon_pid" 2> /dev/null; wait "$daemon_pid"; }
}
trap clean_up EXIT
mkdir -p /etc/schedkit

start_daemon

step "policy dropped: $policy"
cat > "$policy" <<POLICY
[schedulers.fifo]
image = "oci:$PAYLOAD/images/schedkit:schedkit_fifo"

[[rules]]
name = "games"
use = "fifo"
linger = "1s"

[rules.when]
process = { comm = "demo_game" }
POLICY
wait_for '"$SCHEDCTL" status -v 2>/dev/null | grep -q schedkit-demo' 10 || fail "schedkitd did not take the policy: $("$SCHEDCTL" status -v 2>&1)"

cp /bin/sleep "$game"
step "game started"
"$game" 1000 &
game_pid=$!
expect_state enabled 60 schedkit_fifo
"$SCHEDCTL" status

step "game ended"
kill "$game_pid"
wait "$game_pid" 2> /dev/null
game_pid=
expect_state disabled 60
"$SCHEDCTL" status

step "what schedkitd recorded"
cat "$RESULTS/schedkitd.log"
stop_daemon
