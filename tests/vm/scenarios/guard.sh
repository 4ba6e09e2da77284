# The stall guard: a scheduler that dispatches nothing, with the kernel's own watchdog at its default of 30 s, is ejected
# in time; a machine that is only busy, stopped or throttled is left alone.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler stuck fixtures:fixture_stalls 'args = ["--timeout-ms", "30000"]'
} > /etc/schedkit/guard.toml
# settings ENABLED: one strike is quarantine here, so that a stall is not tried again after its pause.
settings() { printf '[guard]\nenabled = %s\n[rollback]\nstrikes = 1\n' "$1" > /etc/schedkit/schedkit.toml; }
settings true
start_daemon
guard() { pgrep -x schedkit-guard; }
wait_for '[ -n "$(guard)" ]' 20 || fail "no guard runs"
wait_for 'grep -q "stall guard is ready" "$RESULTS/schedkitd.log"' 20 || fail "the guard is not ready"
grep "stall guard" "$RESULTS/schedkitd.log"
grep -q "without BPF" "$RESULTS/schedkitd.log" && fail "the guard could not count switches"
first_guard=$(guard)

step "it is a real-time task with an ordinary canary, and rests while nothing is attached"
assert_contains "$(chrt -p "$first_guard")" SCHED_FIFO "the guard's class"
assert_contains "$(chrt -p "$first_guard")" RESET_ON_FORK "the guard's class"
canary=$(grep -l '^canary$' /proc/"$first_guard"/task/*/comm | cut -d/ -f5)
assert_contains "$(chrt -p "$canary")" SCHED_OTHER "the canary's class"
# wake_ups: of the guard and its canary since they began.
wake_ups() {
  local sum=0 file name count
  for file in /proc/$first_guard/task/*/status; do
    while read -r name count; do [ "$name" != voluntary_ctxt_switches: ] || sum=$((sum + count)); done < "$file"
  done
  WAKE_UPS=$sum
}
wake_ups && before=$WAKE_UPS
pause 3
wake_ups
assert_eq "$before" "$WAKE_UPS" "wake-ups in 3 s with nothing attached"

step "at most 8 wake-ups a second while a scheduler is attached"
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_state enabled 1 schedkit_fifo
pause 1
wake_ups && before=$WAKE_UPS
pause 5
wake_ups
say "$((WAKE_UPS - before)) wake-ups in 5 s"
((WAKE_UPS - before >= 20 && WAKE_UPS - before <= 42)) || fail "$((WAKE_UPS - before)) wake-ups in 5 s, not 20 to 42"

# no_alarm WHAT SECONDS: fifo stays attached so long.
seq=$(scx_enable_seq)
no_alarm() {
  pause "$2"
  is_state enabled schedkit_fifo || fail "the guard took $1 for a stall: $(dmesg | grep schedkit-guard)"
  assert_eq "$seq" "$(scx_enable_seq)" "enable_seq after $1"
  say "no alarm: $1"
}
long=${SCHEDKIT_LONG:+75} many=${SCHEDKIT_LONG:+200}
many=${many:-40}
step "no false alarm"
# hogs NUMBER CPUS: as many busy loops, pinned from the start: afterwards each fork waits its turn among them.
hogs() {
  hogs=''
  for _ in $(seq "$1"); do taskset -c "$2" bash -c 'while :; do :; done' & hogs+=" $!"; done
}
end_hogs() { kill $hogs; wait $hogs 2> /dev/null; }
hogs "$many" 0
no_alarm "$many hogs on one CPU" "${long:-8}"
end_hogs
hogs 8 0-1
no_alarm "8 hogs on all CPUs" "${long:-5}"
end_hogs
hackbench -T -g 2 -l 1000000 > /dev/null 2>&1 & hog=$!
no_alarm "hackbench" "${long:-5}"
kill $hog
wait $hog 2> /dev/null
kill -STOP "$daemon_pid"
no_alarm "a stopped daemon" "${long:-4}"
kill -CONT "$daemon_pid"
kill -STOP "$first_guard"
pause 3
kill -CONT "$first_guard"
no_alarm "a stopped guard" 3
mkdir /sys/fs/cgroup/few
echo 5000 100000 > /sys/fs/cgroup/few/cpu.max
echo "$first_guard" > /sys/fs/cgroup/few/cgroup.procs
(echo $BASHPID > /sys/fs/cgroup/few/cgroup.procs; while :; do :; done) & hog=$!
no_alarm "a quota of 5 % shared with a hog" "${long:-5}"
kill $hog
wait $hog 2> /dev/null
echo 1 > /sys/fs/cgroup/few/cgroup.freeze # as systemctl freeze does
pause 3
echo 0 > /sys/fs/cgroup/few/cgroup.freeze
no_alarm "a frozen guard" 3
echo "@vm stop 3"
no_alarm "a stopped machine" "${long:-6}"
echo "@vm freeze 3"
no_alarm "a machine whose processors were taken away" "${long:-6}"

step "it outlives the daemon's kill, and the next one finds it"
stop_daemon KILL
pause 1
kill -0 "$first_guard" || fail "the guard ended with the daemon although a scheduler is attached"
start_daemon
expect_status .state running 20
wait_for '[ "$(grep -c "stall guard is ready" "$RESULTS/schedkitd.log")" = 2 ]' 20 || fail "the daemon did not find the guard"
assert_eq "$first_guard" "$(guard)" "the same guard"

step "a killed one is replaced"
kill -KILL "$first_guard"
wait_for '[ "$(grep -c "stall guard is ready" "$RESULTS/schedkitd.log")" = 3 ]' 20 || fail "no new guard"
assert_eq 1 "$(guard | wc -l)" "guards"
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq"

step "a scheduler that dispatches nothing"
assert_ok "stop" "$SCHEDCTL" stop
expect_state disabled 10
# stalled: how long after `enabled` this shell, an ordinary process, ran again; it does nothing but look at the kernel.
"$SCHEDCTL" run stuck > stuck.txt 2>&1 &
wait_for '[ "$(scx_enable_seq)" -gt "$seq" ]' 60 || fail "stuck was never enabled"
expect_state disabled 60
wait_for 'dmesg | grep -q "disabled (disabled by sysrq-S)"' 10 || fail "it was not ejected by SysRq-S: $(dmesg | grep sched_ext)"
dmesg | grep -E 'schedkit-guard|sched_ext|sysrq' | tail -n 6 | sed 's/^/    /'
took=$((10#$(kernel_time 'BPF scheduler "fx_stalls" disabled') - 10#$(kernel_time 'BPF scheduler "fx_stalls" enabled')))
say "from enabled to the kernel's own scheduler: $((took / 1000)) ms"
((took < 2500000)) || fail "the guest was stalled for $((took / 1000)) ms"
((took > 900000)) || fail "ejected after $((took / 1000)) ms, before a whole limit"
assert_contains "$(dmesg)" "schedkit-guard: fx_stalls let no ordinary task run for 1000 ms; ejected" "the kernel log"
wait_for 'grep -q "the stall guard: fx_stalls" "$RESULTS/schedkitd.log"' 10 || fail "the daemon was not told"
expect_status .last_failure.scheduler stuck 20
assert_contains "$(status .last_failure.text)" "let no ordinary task run for 1000 ms" "status tells why"
say "$(status .last_failure.text)"
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_state enabled 10 schedkit_fifo

step "a foreign one as well, unless it is to be left alone"
assert_ok "stop" "$SCHEDCTL" stop
expect_state disabled 10
seq=$(scx_enable_seq)
"$PAYLOAD/bin/fixtures/fixture_stalls" --timeout-ms 30000 > /dev/null 2>&1 &
wait_for '[ "$(scx_enable_seq)" -gt "$seq" ]' 60 || fail "the foreign one was never enabled"
expect_state disabled 60
assert_eq 2 "$(dmesg | grep -c 'schedkit-guard: fx_stalls let no')" "alarms"

step "switched off by a setting, it ends"
settings false
wait_for '[ -z "$(guard)" ]' 20 || fail "the guard is still there"
settings true
wait_for '[ -n "$(guard)" ]' 20 || fail "the guard did not come back"

step "nothing attached and no daemon: nothing to guard"
stop_daemon
wait_for '[ -z "$(guard)" ]' 20 || fail "the guard outlived its purpose"
[ -n "${SCHEDKIT_LONG:-}" ] || exit 0

step "without the guard the same takes longer than 15 s"
settings false
start_daemon
assert_ok "quarantine clear" "$SCHEDCTL" quarantine clear
"$SCHEDCTL" run stuck > stuck.txt 2>&1 &
wait_for '[ "$(scx_enable_seq)" -gt "$((seq + 1))" ]' 60 || fail "stuck was never enabled"
expect_state disabled 80
took=$((10#$(kernel_time 'BPF scheduler "fx_stalls" disabled') - 10#$(kernel_time 'BPF scheduler "fx_stalls" enabled')))
say "without the guard: $((took / 1000)) ms"
((took > 15000000)) || fail "the kernel's watchdog alone took only $((took / 1000)) ms: the test shows nothing"
stop_daemon
