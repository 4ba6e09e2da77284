# The daemon restarts, is killed, and runs itself anew: what is attached stays attached, what waits at the gate goes on waiting. Under
# systemd with our own unit and its descriptor store, then without a service manager.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
  use_scheduler ready schedkit:schedkit_vtime 'args = ["--slice-us", "10000"]' 'standby = true'
} > /etc/schedkit/restart.toml
printf '[switch]\nprobation = "10m"\nattach-timeout = "60s"\nload-timeout = "120s"\n[rollback]\nbackoff-min = "10m"\nbackoff-max = "10m"\n' > /etc/schedkit/schedkit.toml

at_gate() { status "[.standbys[] | select(.name == \"$1\" and .phase == \"at the gate\") | .pid][0]"; }
waits() { pid=$(at_gate "$1"); [ "$pid" != null ] && [ -n "$pid" ]; }
expect_waiting() { wait_for "waits $1" 60 || fail "$1 does not come to the gate: $("$SCHEDCTL" status -v)"; }
attached() { status .scheduler.pid; }
answers() { "$SCHEDCTL" status -o json > /dev/null 2>&1; [ $? != 4 ]; }

# same AFTER: the same processes are attached and at the gate as before, and the kernel saw nothing.
remember() { seq=$(scx_enable_seq) present=$(attached) standby=$(at_gate ready) previous=$(at_gate "${1:-none}"); }
same() {
  wait_for answers 30 || fail "$1: no daemon answers"
  assert_eq "$seq" "$(scx_enable_seq)" "$1: enable_seq"
  assert_eq "$present" "$(attached)" "$1: the attached process"
  assert_eq "$standby" "$(at_gate ready)" "$1: the standby"
  assert_eq "$previous" "$(at_gate "${2:-none}")" "$1: the previous one at the gate"
  expect_clean 20 "$1"
}

step "under systemd"
sed "s|@CMAKE_INSTALL_FULL_S\?BINDIR@|$PAYLOAD/bin|; s|@CMAKE_INSTALL_FULL_DOCDIR@|/usr/share/doc/schedkit|" "$PAYLOAD/units/schedkitd.service.in" > /run/systemd/system/schedkitd.service
mkdir -p /run/systemd/system/schedkitd.service.d
printf '[Service]\nStandardOutput=append:%s/schedkitd.log\nStandardError=inherit\n' "$RESULTS" > /run/systemd/system/schedkitd.service.d/test.conf
systemctl daemon-reload
assert_ok start systemctl start schedkitd
main_pid() { systemctl show -P MainPID schedkitd; }
stored() { systemctl show -P NFileDescriptorStore schedkitd; }
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_waiting ready
assert_eq 2 "$(stored)" "one descriptor for each run"
remember

step "restart"
assert_ok restart systemctl restart schedkitd
same "after the restart"
assert_eq probation "$(status .state)" "it still has to prove itself"
assert_eq 2 "$(stored)" "one descriptor for each run"

step "kill -9"
old=$(main_pid)
kill -9 "$old"
restarted() { [ "$(main_pid)" != "$old" ] && [ "$(main_pid)" != 0 ] && answers; }
wait_for restarted 30 || fail "systemd did not start it again"
same "after the kill"

step "the standby that waited through both takes over by a hand-over"
assert_ok "run ready" "$SCHEDCTL" run ready
assert_eq "$standby" "$(attached)" "the same process"
assert_eq $((seq + 1)) "$(scx_enable_seq)" "one enable"
say "prepared in $(status .last_switch.prepare_ms) ms"

step "the previous one waits through a kill, and a rollback after it is a hand-over"
expect_waiting fifo
remember fifo
old=$(main_pid)
kill -9 "$old"
wait_for restarted 30 || fail "systemd did not start it again"
same "after the kill" fifo
assert_eq probation "$(status .state)" "its probation goes on"
kill -9 "$present"
expect_state enabled 30 schedkit_fifo
wait_for '[ "$(attached)" = "$previous" ]' 10 || fail "another process than the one that waited was attached"

step "SIGUSR2 runs the program anew: the same process, the same schedulers"
assert_ok "run fifo" "$SCHEDCTL" run fifo
assert_ok "clear" "$SCHEDCTL" quarantine clear
expect_waiting ready
remember
old=$(main_pid)
begun() { grep -c 'running .* anew' "$RESULTS/schedkitd.log"; }
before=$(begun)
kill -USR2 "$old"
wait_for '[ "$(begun)" -gt "$before" ] && answers' 30 || fail "it does not run itself anew"
same "after SIGUSR2"
assert_eq "$old" "$(main_pid)" "the process"
assert_eq active "$(systemctl is-active schedkitd)" "systemd's view"

step "stop: what waits ends with its descriptors, what is attached stays"
assert_ok stop systemctl stop schedkitd
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq"
wait_for "ended $standby" 20 || fail "the standby outlived its listener"
is_state enabled schedkit_fifo || fail "the scheduler went with the daemon"
assert_ok start systemctl start schedkitd
wait_for answers 30
assert_eq "$present" "$(attached)" "the attached process"
expect_waiting ready
expect_clean 20 "after stop and start"
assert_eq 1 "$(stored)" "the descriptor of the new run; the attached one's went with the service"
assert_ok stop systemctl stop schedkitd

step "without a service manager: SIGUSR2 keeps what waits"
start_daemon
wait_for answers 30
expect_waiting ready
remember
before=$(begun)
kill -USR2 "$daemon_pid"
wait_for '[ "$(begun)" -gt "$before" ] && answers' 30 || fail "it does not run itself anew"
same "after SIGUSR2 without systemd"
assert_ok "run ready" "$SCHEDCTL" run ready
assert_eq "$standby" "$(attached)" "the standby that waited through the exec"
assert_ok "run fifo" "$SCHEDCTL" run fifo

step "a crash costs what waits, and nothing else"
expect_waiting ready
remember
stop_daemon KILL
start_daemon
wait_for answers 30
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq"
assert_eq "$present" "$(attached)" "the attached process"
expect_waiting ready
[ "$pid" != "$standby" ] || fail "the standby's attach call cannot have been kept"
expect_clean 20 "after the crash"

rounds=10
[ -z "$SCHEDKIT_LONG" ] || rounds=100
step "$rounds restarts"
for ((i = 0; i < rounds; i++)); do
  signal=TERM
  ((i % 2)) && signal=KILL
  stop_daemon $signal
  start_daemon > /dev/null
  wait_for answers 30 || fail "restart $i: no answer"
  assert_eq "$seq" "$(scx_enable_seq)" "restart $i: enable_seq"
  assert_eq "$present" "$(attached)" "restart $i: the attached process"
done
expect_waiting ready
expect_clean 20 "after $rounds restarts"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
