# schedkitd with rules of every kind loaded and nothing attached: nothing may wake it, and it is small. strace sees each system
# call of each of its threads, the kernel's counters each time one of them ran: in a quiet time there is neither.
. "$PAYLOAD/guest.sh"
seconds=20
[ -z "$SCHEDKIT_LONG" ] || seconds=60
most_anonymous_kb=8192 # RssAnon: under 8 MB

mkdir -p /etc/schedkit
# rule NAME WHEN
rule() { printf '\n[[rules]]\nname = "%s"\nuse = "fifo"\n[rules.when]\n%s\n' "$1" "$2"; }
hour=$((($(date -u +%-H) + 6) % 24)) # no edge of the window falls into the quiet time
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_rule games fifo idle_game 100 1s
  rule cgroup 'cgroup = { path = "/idle.slice/**" }'
  rule time "time = { start = \"$(printf %02d $hour):00\", end = \"$(printf %02d $hour):30\", timezone = \"UTC\" }"
  rule signal 'dbus-signal = { interface = "test.Idle", member = "Began", until = { interface = "test.Idle", member = "Ended" } }'
  rule property 'dbus-property = { name = "test.Idle", path = "/test", interface = "test.Idle", property = "Mode", equals = "busy" }'
  rule power 'power = { source = "battery", profile = "performance" }'
  rule pressure 'pressure = { resource = "memory", full = "90%" }'
} > /etc/schedkit/idle.toml
start_daemon
expect_status '.rules | length' 7 20
overview=$("$SCHEDCTL" status -v)
assert_contains "$overview" "trigger sources:"$'\n'"  bpf:" "BPF is loaded"
echo "$overview" > "$RESULTS/status.txt"
expect_status .state idle 5

step "memory"
field() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$daemon_pid/$1"; }
anonymous=$(field status RssAnon) resident=$(field status VmRSS) proportional=$(field smaps_rollup Pss)
{
  echo "schedkitd with BPF loaded and nothing attached: RssAnon $anonymous kB (goal: under $most_anonymous_kb), VmRSS $resident kB, Pss $proportional kB"
  echo "{\"bench\":\"idle\",\"what\":\"memory\",\"rss_anon_kb\":$anonymous,\"vm_rss_kb\":$resident,\"pss_kb\":$proportional}"
} | tee "$RESULTS/idle.txt"
((anonymous < most_anonymous_kb)) || fail "RssAnon is $anonymous kB"

# ran: how often the daemon's threads have run until now.
ran() { awk '/ctxt_switches/ { sum += $2 } END { print sum }' /proc/"$daemon_pid"/task/*/status; }
# calls FROM TO: the system calls that began between two times in microseconds. A thread that returns from its wait begins
# the next one, so each wake-up is among them.
calls() {
  awk -v from="$1" -v to="$2" '{ split($2, time, "."); at = time[1] * 1000000 + time[2] } at >= from && at < to' "$RESULTS/strace.log"
}

step "$seconds s of nothing to do"
strace -f -ttt -o "$RESULTS/strace.log" -p "$daemon_pid" 2> "$RESULTS/strace.err" &
strace_pid=$!
pause 5 # strace itself interrupts the waits when it begins; files written at start have been looked at by then
! ended $strace_pid || fail "strace ended: $(cat "$RESULTS/strace.err")"
ran_before=$(ran)
now_us
from=$NOW
pause $seconds
now_us
to=$NOW
ran_after=$(ran)

step "then it is asked something, which strace must see"
"$SCHEDCTL" status > /dev/null || fail "schedkitd does not answer"
now_us
asked=$NOW
kill $strace_pid
wait $strace_pid
[ -n "$(calls "$to" "$asked")" ] || fail "strace sees nothing of schedkitd: $(cat "$RESULTS/strace.err")"

calls "$from" "$to" > "$RESULTS/wakeups.log"
wakeups=$(grep -c . "$RESULTS/wakeups.log")
{
  echo "idle for $seconds s: $wakeups system calls, $((ran_after - ran_before)) context switches (goal: none)"
  echo "{\"bench\":\"idle\",\"what\":\"wake-ups\",\"seconds\":$seconds,\"calls\":$wakeups,\"switches\":$((ran_after - ran_before))}"
} | tee -a "$RESULTS/idle.txt"
[ "$wakeups" = 0 ] || { head -n 20 "$RESULTS/wakeups.log"; fail "schedkitd woke up"; }
assert_eq "$ran_before" "$ran_after" "context switches of schedkitd's threads"
stop_daemon
