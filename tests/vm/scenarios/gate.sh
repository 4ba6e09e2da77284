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

step "without a link, while another one runs: it gets EBUSY and that one stays"
assert_ok "run fifo" "$SCHEDCTL" run fifo
seq=$(scx_enable_seq)
"$SCHEDCTL" run attaches_without_link > busy.txt 2>&1 && fail "it attached beside fifo"
is_state enabled schedkit_fifo || fail "fifo was lost"
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq"
assert_ok stop "$SCHEDCTL" stop
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
