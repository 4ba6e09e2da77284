# Schedulers that misbehave. What never attaches costs nothing; what attaches and fails ends on the previous scheduler.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  for mode in fails_verification exits_before_attach hangs_before_attach init_fails attaches_then_exits stalls errors; do
    use_scheduler $mode fixtures:fixture_$mode 'load-timeout = "15s"'
  done
} > /etc/schedkit/fixtures.toml
# Here the kernel's own watchdog is to act, and nothing is tried again after its pause.
printf '[guard]\nenabled = false\n[rollback]\nstrikes = 1\n' > /etc/schedkit/schedkit.toml
start_daemon
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_state enabled 1 schedkit_fifo

# refused NAME TEXT: running it fails with TEXT, and fifo was attached all the time.
refused() {
  step "$1"
  local seq
  seq=$(scx_enable_seq)
  "$SCHEDCTL" run "$1" > "$1.txt" 2>&1 && fail "run $1 reports success"
  assert_contains "$(cat "$1.txt")" "$2" "the error of $1 names the cause"
  sed 's/^/    /' "$1.txt"
  is_state enabled schedkit_fifo || fail "$1 cost the present scheduler"
  assert_eq "$seq" "$(scx_enable_seq)" "$1 moved enable_seq"
  assert_contains "$(status .last_failure.text)" "$2" "status tells the failure of $1"
}
refused fails_verification "exited with status 1"
assert_contains "$(cat "$RESULTS/schedkitd.log")" "[fails_verification]" "the log holds the scheduler's own output"
refused exits_before_attach "exited with status 3"
refused hangs_before_attach "did not reach the attach gate within 15s"

# failed NAME TEXT: it attaches or is refused by the kernel, and the machine ends on fifo, loaded again.
failed() {
  step "$1"
  assert_ok "run fifo" "$SCHEDCTL" run fifo
  "$SCHEDCTL" run "$1" > "$1.txt" 2>&1
  expect_status .last_failure.scheduler "$1" 60
  expect_state enabled 60 schedkit_fifo
  expect_status .scheduler.name fifo 10
  assert_contains "$(status .last_failure.text)" "$2" "status tells why $1 is gone"
  say "$(status .last_failure.text)"
}
failed init_fails "runtime error"
failed attaches_then_exits "exited with status 3"
"$SCHEDCTL" status > status.txt && fail "status is at peace although attaches_then_exits is wanted and fifo runs"
sed 's/^/    /' status.txt
failed errors "deliberate"
failed stalls "task stall"

step "the kernel's own scheduler is the last resort"
assert_ok stop "$SCHEDCTL" stop
assert_ok "quarantine clear" "$SCHEDCTL" quarantine clear
"$SCHEDCTL" run attaches_then_exits
expect_state disabled 60
expect_status .last_failure.scheduler attaches_then_exits 60
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
