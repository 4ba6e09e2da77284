# The attach gate against schedulers that attach in unusual ways.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  for mode in high_bits rewrites_attr signals_itself other_link attaches_without_link ignores_sigterm; do
    use_scheduler $mode fixtures:fixture_$mode
  done
  use_scheduler flips fixtures:fixture_rewrites_attr 'args = ["--rewrite", "flip"]'
} > /etc/schedkit/gate.toml
start_daemon

# passes NAME OPS: switches from fifo to it through the gate: fifo is there until then.
passes() {
  step "$1"
  assert_ok "run fifo" "$SCHEDCTL" run fifo
  local seq
  seq=$(scx_enable_seq)
  assert_ok "run $1" "$SCHEDCTL" run "$1"
  expect_state enabled 1 "$2"
  assert_eq $((seq + 1)) "$(scx_enable_seq)" "one enable"
  assert_eq true "$(status '.last_switch.from == "fifo" and .last_switch.detach_ms > 0')" "it went through the gate"
}
passes high_bits fx_high_bits
passes signals_itself fx_signals_itself
passes other_link fx_other_link
passes flips fx_rewrites_attr
passes ignores_sigterm fx_ignores_sigterm

step "rewrites_attr: a bad descriptor is refused by the kernel, and fifo comes back"
assert_ok "run fifo" "$SCHEDCTL" run fifo
"$SCHEDCTL" run rewrites_attr > rewrite.txt 2>&1
cat rewrite.txt
expect_state enabled 60
kill -0 "$daemon_pid" || fail "the daemon is gone"

step "without a link, while nothing runs"
assert_ok stop "$SCHEDCTL" stop
assert_ok "run attaches_without_link" "$SCHEDCTL" run attaches_without_link
expect_state enabled 1 fx_attaches_without_link
expect_status .state probation 5
assert_ok "stop again" "$SCHEDCTL" stop
expect_state disabled 30

step "without a link, while another one runs: it gets EBUSY and that one stays; then it is tried by stop-first, and that is remembered"
notices() { "$SCHEDCTL" history -n 50 -o json | jq '[.[] | select(.event == "notice" and .to == "attaches_without_link")] | length'; }
for expected in 1 1; do
  assert_ok "run fifo" "$SCHEDCTL" run fifo
  assert_ok "run attaches_without_link" "$SCHEDCTL" run attaches_without_link
  expect_state enabled 1 fx_attaches_without_link
  assert_eq $expected "$(notices)" "times that it was found in its way"
done
assert_contains "$("$SCHEDCTL" history -n 50)" "EBUSY" "history says why"
assert_eq 0 "$(status '.strikes | length')" "it is no failure"
stop_daemon
start_daemon
assert_ok "run fifo" "$SCHEDCTL" run fifo
assert_ok "run attaches_without_link" "$SCHEDCTL" run attaches_without_link
assert_eq 1 "$(notices)" "it is remembered over a restart"
assert_ok stop "$SCHEDCTL" stop
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
