# The daemon ends, is killed and comes back; the scheduler stays and the status is true.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler chatty fixtures:fixture_chatty
  use_scheduler slow fixtures:fixture_hangs_before_attach
} > /etc/schedkit/life.toml
start_daemon
owner() { status .scheduler.pid; }

step "SIGTERM leaves the attached scheduler and ends the candidate"
assert_ok "run chatty" "$SCHEDCTL" run chatty
chatty=$(owner)
"$SCHEDCTL" run slow > /dev/null 2>&1 &
expect_status .candidate.name slow 20
expect_status .candidate.phase loading 20
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "exit status"
is_state enabled fx_chatty || fail "the scheduler went with the daemon"
pgrep -f fixture_hangs_before_attach > /dev/null && fail "the candidate outlived the daemon"

step "the next daemon adopts it"
start_daemon
expect_status .scheduler.pid "$chatty" 20
assert_eq probation "$(status .state)" "its probation goes on"

step "SIGKILL and 30 s of absence: a scheduler that prints every 100 ms lives"
stop_daemon KILL
"$SCHEDCTL" status > status.txt 2>&1
assert_eq 4 $? "status without a daemon"
assert_contains "$(cat status.txt)" fx_chatty "status without a daemon reads the kernel"
pause 30
kill -0 "$chatty" || fail "the scheduler died without its daemon"
is_state enabled fx_chatty || fail "the scheduler is detached"
start_daemon
expect_status .state running 20
assert_eq "$chatty" "$(owner)" "the same process again"
wait_for '[ -n "$("$SCHEDCTL" status -v > /dev/null; tail -n 3 "$RESULTS/schedkitd.log" | grep -F "[chatty]")" ]' 10 || fail "its output does not reach the log again"

step "an adopted scheduler is switched like any other"
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_state enabled 1 schedkit_fifo
wait_for '! kill -0 $chatty 2> /dev/null' 20 || fail "the old one did not end"

step "SIGKILL while a candidate loads: nothing of it is left, the present one is adopted"
"$SCHEDCTL" run slow > /dev/null 2>&1 &
expect_status .candidate.phase loading 20
stop_daemon KILL
start_daemon
expect_status .scheduler.name fifo 20
is_state enabled schedkit_fifo || fail "the present one was lost"
wait_for '! pgrep -f fixture_hangs_before_attach > /dev/null' 20 || fail "the orphaned candidate is still there"
expect_status '.candidate' null 5
expect_clean 60 "after the kill" # and what the probation's way back was is at the gate again, or on its way

step "a foreign scheduler is named and respected"
assert_ok stop "$SCHEDCTL" stop
assert_ok auto "$SCHEDCTL" auto
"$PAYLOAD/bin/schedulers/schedkit_vtime" & foreign=$!
expect_state enabled 60 schedkit_vtime
expect_status .state foreign 20
"$SCHEDCTL" status > status.txt
assert_eq 2 $? "a foreign scheduler is a discrepancy"
assert_contains "$(cat status.txt)" schedkit_vtime "status names it"
kill $foreign
expect_state disabled 20
expect_status .state idle 20
stop_daemon
mount | grep -q /run/schedkit && fail "a mount is left: $(mount | grep /run/schedkit)"
exit 0
