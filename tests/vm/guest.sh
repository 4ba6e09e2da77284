# For scenarios in the VM (and for the demo on a host with sched_ext): sourced first, bash. A scenario runs as root from $RESULTS; files
# it leaves there come back to the host. $PAYLOAD holds what it was given; $PAYLOAD/bin is in the PATH. It passes by ending with 0.
#
# Waiting forks nothing and looks every 5 ms: in the emulator a fork costs more than what is measured.

set -u
SCHED_EXT=/sys/kernel/sched_ext
SCHEDKITD=${SCHEDKITD:-schedkitd}
SCHEDCTL=${SCHEDCTL:-schedctl}
daemon_pid=
exec {_never}<> <(:)

# Microseconds since the epoch; nothing steps the VM's clock, so differences are monotonic.
now_us() { NOW=${EPOCHREALTIME/[.,]/}; }
now_us
_start=$NOW

# pause SECONDS: without a fork.
pause() { read -rt "$1" -u "$_never" _ || :; }

# say TEXT…: a line with milliseconds since the scenario started; step TEXT…: the same as a heading.
say() {
  now_us
  printf '[%6d ms] %s\n' $(((NOW - _start) / 1000)) "$*"
}
step() { say "--- $*"; }

# fail TEXT…: says what went wrong, what the kernel says and the daemon's last words, and ends the scenario.
fail() {
  say "FAIL: $*"
  say "  at ${BASH_SOURCE[1]##*/}:${BASH_LINENO[0]}; kernel: state=$(scx_state) ops=$(scx_ops) enable_seq=$(scx_enable_seq)"
  [ ! -s "$RESULTS/schedkitd.log" ] || { echo "  the daemon's last lines:"; tail -n 20 "$RESULTS/schedkitd.log" | sed 's/^/    /'; }
  exit 1
}

_read_file() {
  local text=
  { read -r text < "$1"; } 2> /dev/null || :
  printf '%s\n' "${text:-$2}"
}
scx_state() { _read_file $SCHED_EXT/state absent; }
scx_ops() { _read_file $SCHED_EXT/root/ops none; }
scx_enable_seq() { _read_file $SCHED_EXT/enable_seq 0; }

# wait_for CONDITION SECONDS: evaluates the shell text CONDITION every 5 ms until it succeeds; 1 when the time is over.
wait_for() {
  local condition=$1 end
  now_us
  end=$((NOW + $(_microseconds "$2")))
  until eval "$condition"; do
    now_us
    ((NOW < end)) || return 1
    pause 0.005
  done
}
_microseconds() {
  local whole=${1%%.*} part=
  [[ $1 != *.* ]] || part=${1#*.}
  part=${part}000000
  printf '%d\n' $((10#${whole:-0} * 1000000 + 10#${part:0:6}))
}

# is_state STATE [OPS]: does the kernel say so now? No fork, for wait_for.
is_state() {
  local state='' ops=''
  { read -r state < $SCHED_EXT/state; } 2> /dev/null || :
  [ "$state" = "$1" ] || return 1
  [ $# -ge 2 ] || return 0
  { read -r ops < $SCHED_EXT/root/ops; } 2> /dev/null || :
  [ "$ops" = "$2" ]
}

# expect_state STATE SECONDS [OPS]: fails the scenario unless the kernel reaches it in time.
expect_state() {
  wait_for "is_state $1 ${3:-}" "$2" || fail "the kernel did not reach state=$1${3:+ ops=$3} within $2 s"
  say "kernel: state=$1${3:+ ops=$3}"
}

# assert_eq WANTED GOT WHAT; assert_ok WHAT COMMAND…; assert_contains TEXT PART WHAT
assert_eq() { [ "$1" = "$2" ] || fail "$3: expected '$1', got '$2'"; }
assert_contains() { [[ $1 == *"$2"* ]] || fail "$3: '$2' is not in: $1"; }
assert_ok() {
  local what=$1 output
  shift
  output=$("$@" 2>&1) || fail "$what: '$*' ended with $?: $output"
}

# ended PID: is it gone, or a zombie? To `kill -0` a zombie lives, and bash may take a zombie's status only at its next fork.
ended() {
  local line=
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 0
  [[ ${line##*) } == [ZX]* ]]
}

# start_daemon [ARGUMENT…]: starts schedkitd with its output in $RESULTS/schedkitd.log and waits for its socket.
start_daemon() {
  rm -f /run/schedkit/schedkitd.sock # a killed one's
  "$SCHEDKITD" "$@" >> "$RESULTS/schedkitd.log" 2>&1 &
  daemon_pid=$!
  wait_for '[ -S /run/schedkit/schedkitd.sock ] || ended $daemon_pid' 90 || fail "schedkitd made no socket within 90 s"
  ! ended "$daemon_pid" || fail "schedkitd ended at once"
  say "schedkitd runs (pid $daemon_pid)"
}

# stop_daemon [SIGNAL]: ends it and sets DAEMON_STATUS; fails when it does not end within 30 s.
stop_daemon() {
  kill -s "${1:-TERM}" "$daemon_pid" || fail "schedkitd (pid $daemon_pid) was gone before it was stopped"
  wait_for 'ended $daemon_pid' 30 || fail "schedkitd did not end within 30 s of SIG${1:-TERM}"
  DAEMON_STATUS=0
  wait "$daemon_pid" || DAEMON_STATUS=$?
  [ "${1:-TERM}" = KILL ] || say "schedkitd ended with status $DAEMON_STATUS"
  daemon_pid=
}

# use_scheduler NAME IMAGE [KEY=VALUE…]: prints a [schedulers.NAME] table; IMAGE is LAYOUT:TAG below $PAYLOAD/images.
use_scheduler() {
  printf '[schedulers.%s]\nimage = "oci:%s/images/%s"\n' "$1" "$PAYLOAD" "$2"
  shift 2
  [ $# = 0 ] || printf '%s\n' "$@"
}

# use_rule NAME SCHEDULER COMM PRIORITY LINGER: prints a rule that holds while a process COMM lives.
use_rule() {
  printf '\n[[rules]]\nname = "%s"\nuse = "%s"\npriority = %d\nlinger = "%s"\n[rules.when]\nprocess = { comm = "%s" }\n' "$1" "$2" "$4" "$5" "$3"
}

# status FILTER: what `schedctl status -o json` shows, through jq -r.
status() { "$SCHEDCTL" status -o json 2> /dev/null | jq -r "$1"; }

# expect_status FILTER VALUE SECONDS: waits until status shows it. Each look costs processes; for times use expect_state.
expect_status() {
  local got=
  _status_is() { got=$(status "$1"); [ "$got" = "$2" ]; }
  wait_for "_status_is '$1' '$2'" "$3" || fail "status $1 is '$got', not '$2'; status: $("$SCHEDCTL" status -v 2>&1)"
}

# kernel_time TEXT: microseconds since the kernel began, by its own stamp of the last line of its log with that text.
kernel_time() { dmesg | grep -F "$1" | tail -n 1 | sed 's/^\[ *\([0-9]*\)\.\([0-9]*\)\].*/\1\2/'; }

# benchmark NAME ROUNDS [few]: runs bench_NAME, which must end with 0, and leaves its lines in $RESULTS/NAME.txt. "few": so few rounds
# show that it works, but not whether a bound is met (status 1).
benchmark() {
  local status
  step "$2 rounds"
  "bench_$1" --rounds "$2" 2>&1 | tee "$RESULTS/$1.txt"
  status=${PIPESTATUS[0]}
  [ "$status" = 0 ] || { [ "$status" = 1 ] && [ "${3:-}" = few ]; } || fail "bench_$1 ended with status $status"
}

# start_game NAME: a process of that name until end_game NAME.
declare -A _games
start_game() {
  cp -n /bin/sleep "$RESULTS/$1"
  "$RESULTS/$1" 1000 &
  _games[$1]=$!
  say "$1 started"
}
end_game() {
  kill "${_games[$1]}"
  wait "${_games[$1]}" 2> /dev/null
  rm -f "$RESULTS/$1"
  say "$1 ended"
}

# runs_agree: does status name each run there is, and is nothing left of others: their directories, processes, cgroups, mounts? Says the
# first difference in DIFFERENCE. For schedulers of the images schedkit and fixtures, and a daemon that is at rest.
DIFFERENCE=
runs_agree() {
  local wanted found pid
  wanted=$(status '[.scheduler.pid, .candidate.pid, .standbys[].pid] | map(select(. != null and . > 0)) | sort | .[]' | tr '\n' ' ')
  found=$(for pid in $(pgrep '^(schedkit_(fifo|vtime)|fixture_)'); do ended "$pid" || echo "$pid"; done | sort -n | tr '\n' ' ')
  DIFFERENCE="status names the runs '$wanted', there are the processes '$found'"
  [ "$wanted" = "$found" ] || return 1
  found=$(ls /run/schedkit/run | wc -l)
  DIFFERENCE="$found directories in /run/schedkit/run for the runs '$wanted'"
  [ "$found" = "$(wc -w <<< "$wanted")" ] || return 1
  found=$(find /sys/fs/cgroup -type d \( -name 'schedkit-*.scope' -o -path '*/schedkit/*-*' \) | wc -l)
  DIFFERENCE="$found cgroups for the runs '$wanted'"
  [ "$found" = "$(wc -w <<< "$wanted")" ] || return 1
  DIFFERENCE="mounts: $(grep -E '/run/schedkit|/var/lib/schedkit' /proc/self/mounts)"
  ! grep -qE '/run/schedkit|/var/lib/schedkit' /proc/self/mounts
}

# expect_clean SECONDS WHAT
expect_clean() { wait_for runs_agree "$1" || fail "$2: $DIFFERENCE"; }
