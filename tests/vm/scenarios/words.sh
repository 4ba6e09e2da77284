# Every word that status has for the machine's state, reached on a real kernel, with the kernel's own view beside it (the table in
# docs/testing.md). "unsupported" needs another kernel: cli/exit-codes on a host without sched_ext.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
  use_scheduler quick schedkit:schedkit_vtime 'args = ["--slice-us", "10000"]' 'probation = "100ms"'
  use_scheduler slow fixtures:fixture_hangs_before_attach
} > /etc/schedkit/words.toml
printf '[switch]\nprobation = "10m"\nattach-timeout = "60s"\n' > /etc/schedkit/schedkit.toml
start_daemon
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf

# word WORD STATE [OPS]: status says WORD, the kernel STATE (and OPS), and status the same of it.
word() {
  expect_status .state "$1" 30
  is_state "$2" ${3:+"$3"} || fail "$1: the kernel says $(scx_state) $(scx_ops), not $2 ${3:-}"
  assert_eq "$2 ${3:-}" "$(status '"\(.kernel.state) \(.kernel.ops)"')" "$1: status of the kernel"
  say "$1: the kernel says $2 ${3:-}"
}

step idle
word idle disabled

step preparing
"$SCHEDCTL" run slow > /dev/null 2>&1 & command=$!
word preparing disabled
assert_ok "run fifo" "$SCHEDCTL" run fifo
wait $command

step "probation, running"
word probation enabled schedkit_fifo
assert_ok "run quick" "$SCHEDCTL" run quick
word running enabled schedkit_vtime

step "handing-over, which is short"
seen=
for ((i = 0; i < 40 && ${#seen} == 0; i++)); do
  name=fifo
  ((i % 2)) && name=vtime
  "$SCHEDCTL" run $name & command=$!
  for _ in 1 2 3 4 5 6 7 8; do
    [ "$(status .state)" != handing-over ] || seen=$i
  done
  wait $command || fail "run $name"
done
[ -n "$seen" ] || fail "in $i switches status never said handing-over"
say "handing-over: seen in switch $((seen + 1))"

step "managed-detached: the kernel asks for a restart, and the process does not answer"
# By policy, not by command: a command would replace the stranger of the next step.
sed -i '1i default = "vtime"' /etc/schedkit/schedkit.toml
assert_ok reload "$SCHEDCTL" reload
assert_ok auto "$SCHEDCTL" auto
expect_state enabled 30 schedkit_vtime
pid=$(status .scheduler.pid)
kill -STOP "$pid"
echo 0 > /sys/devices/system/cpu/cpu1/online
word managed-detached disabled
assert_eq "$pid" "$(status .scheduler.pid)" "the process that is meant"

step "managed-mismatch: somebody else attaches meanwhile"
"$PAYLOAD/bin/schedulers/schedkit_fifo" > /dev/null 2>&1 & stranger=$!
expect_state enabled 30 schedkit_fifo
word managed-mismatch enabled schedkit_fifo
assert_contains "$(status .discrepancy)" "schedkit_fifo (pid $stranger" "status says who"
kill -KILL "$pid"

step foreign
word foreign enabled schedkit_fifo
echo 1 > /sys/devices/system/cpu/cpu1/online
sed -i 1d /etc/schedkit/schedkit.toml
assert_ok reload "$SCHEDCTL" reload
kill $stranger 2> /dev/null
wait $stranger 2> /dev/null
expect_state disabled 30

step "orphaned-kernel-state: its link is pinned, and its process has ended"
"$PAYLOAD/bin/schedulers/schedkit_fifo" > /dev/null 2>&1 & stranger=$!
expect_state enabled 30 schedkit_fifo
expect_status '.foreign_owner // "" | startswith("schedkit_fifo")' true 10
link=$(bpftool -j link | jq '[.[] | select(.type == "struct_ops") | .id][0]')
assert_ok pin bpftool link pin id "$link" /sys/fs/bpf/theirs
kill -KILL $stranger
wait $stranger 2> /dev/null
stop_daemon # nothing tells that a holder has gone
start_daemon
word orphaned-kernel-state enabled schedkit_fifo
assert_contains "$(status .foreign_owner)" /sys/fs/bpf/theirs "status says where"
assert_ok "run vtime" "$SCHEDCTL" run vtime
word probation enabled schedkit_vtime

step "top, with what this kernel counts"
"$SCHEDCTL" top -n 2 -d 0.5 > "$RESULTS/top.txt" || fail "top ended with $?"
sed 's/^/    /' "$RESULTS/top.txt"
assert_eq 2 "$(grep -c '  probation  vtime' "$RESULTS/top.txt")" "its lines"
"$SCHEDCTL" top -n 1 -o json > "$RESULTS/top.json"
assert_eq "$(grep -c '^SCX_EV_' /sys/kernel/sched_ext/root/events)" "$(jq '.kernel_events | length' "$RESULTS/top.json")" "the kernel's counters"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
