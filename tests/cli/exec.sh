#!/bin/bash
# exec.sh BIN: `schedctl exec` with a real daemon: the command keeps its exit code, signals, terminal and pipes, the hold
# lasts exactly as long as the command, however it ends, also nested and at once with others.
set -u
bin=$1
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; }; rm -rf "$work"' EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
. "$(dirname "$0")/expect.sh"
schedctl=$bin/schedctl
complain() { echo "FAIL: $*"; failures=$((failures + 1)); }
exec {never}<> <(:)

start_daemon() {
  "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" >> "$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 1200); do "$schedctl" version > /dev/null 2>&1 && return; read -rt 0.05 -u "$never" _; done
  complain "no daemon: $(cat "$work/log")"
}
holds() { "$schedctl" status | grep -c '^  hold: '; }
# holds_are N: at once or within a minute.
holds_are() {
  local now=
  for _ in $(seq 1200); do
    now=$(holds)
    [ "$now" = "$1" ] && return
    read -rt 0.05 -u "$never" _
  done
  complain "there are $now holds, wanted $1 (${*:2})"
}
mkdir -p "$work/root/etc/schedkit"
expect 125 "the daemon is unreachable" "$schedctl" exec kernel -- true
expect 0 "went on" "$schedctl" exec kernel --anyway -- echo went on
start_daemon

# Exit codes, arguments, pipes.
expect 7 "a b|--help|" "$schedctl" exec kernel -- sh -c 'printf "%s|" "$@"; exit 7' sh "a b" --help
expect 127 'cannot run "no-such-command"' "$schedctl" exec kernel -- no-such-command
expect 126 'cannot run "/etc/passwd"' "$schedctl" exec kernel -- /etc/passwd
expect 64 "command is required" "$schedctl" exec kernel
expect 125 "no policy defines a scheduler \"nobody\"" "$schedctl" exec nobody -- touch "$work/touched"
[ ! -e "$work/touched" ] || complain "the command was run without a hold"
expect 125 "neither mode nor arguments" "$schedctl" exec kernel --arg=--x -- true
[ "$(echo through | "$schedctl" exec kernel -- cat | cat)" = through ] || complain "pipes do not reach the command"
expect 0 "closed" "$schedctl" exec kernel -- sh -c 'echo closed' <&-
expect 0 "SigIgn:	0000000000000000" "$schedctl" exec kernel -- cat /proc/self/status
# Its descriptors are those it was given. ls has its own one on the directory.
[ "$("$schedctl" exec kernel -- ls /proc/self/fd | wc -l)" = "$(ls /proc/self/fd | wc -l)" ] || complain "it has more descriptors"

# The hold is seen from inside, is one more when nested, and names the command.
expect 0 "1" "$schedctl" exec kernel -- sh -c "'$schedctl' status | grep -c '^  hold: .*schedctl exec sh (pid '"
expect 3 "2" "$schedctl" exec kernel -- "$schedctl" exec kernel -- sh -c "'$schedctl' status | grep -c '^  hold: '; exit 3"
expect 0 "a reason" "$schedctl" exec kernel --reason "a reason" -- "$schedctl" status
holds_are 0 "after commands that ended"

# Whatever ends it: every signal that does so by default, as the command's own end.
for signal in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM XCPU XFSZ VTALRM PROF SYS; do
  number=$(kill -l $signal)
  (ulimit -c 0; "$schedctl" exec kernel -- sh -c "kill -$signal \$\$; read -r _" <> <(:)) > /dev/null 2>&1
  status=$?
  [ "$status" = $((128 + number)) ] || complain "SIG$signal: ended with $status, wanted $((128 + number))"
done
holds_are 0 "after signals"

# The same from outside, nested, two beside each other; the keepers of the hold are not of the command's process group.
begin() { "$schedctl" exec kernel -- "$schedctl" exec kernel -- sleep 1000 & }
begin; first=$!
begin; second=$!
holds_are 4 "two nested ones"
kill -KILL "$first"
wait "$first" 2> /dev/null
[ $? = 137 ] || complain "SIGKILL is not the command's end"
holds_are 2 "one of two was killed"
kill -TERM "$second"
wait "$second" 2> /dev/null
[ $? = 143 ] || complain "SIGTERM is not the command's end"
holds_are 0 "both were killed"
"$schedctl" exec kernel -- sh -c 'trap "kill \$!; exit 5" TERM; sleep 1000 & echo ready; wait' > "$work/ready" &
trapping=$!
for _ in $(seq 1200); do grep -q ready "$work/ready" && break; read -rt 0.05 -u "$never" _; done
kill -TERM "$trapping"
wait "$trapping"
[ $? = 5 ] || complain "the command does not get the signal"
holds_are 0 "a trap"

# ^C of a terminal ends the command, and it is the terminal's foreground job.
if command -v script > /dev/null; then
  {
    for _ in $(seq 600); do grep -q foreground "$work/typescript" 2> /dev/null && break; read -rt 0.05 -u "$never" _; done
    printf '\003'
  } |
    timeout 60 script -qefc "'$schedctl' exec kernel -- sh -c 'ps -o stat= -p \$\$ | grep -q + && echo foreground; exec sleep 1000'" \
      "$work/typescript" > /dev/null 2>&1
  [ $? = 130 ] || complain "^C: $(cat "$work/typescript")"
  holds_are 0 "^C"
fi

# Below an override it does not begin; the rules' state is what it was.
expect 0 "" "$schedctl" stop
expect 125 "\`schedctl auto\` ends that" "$schedctl" exec kernel -- true
expect 0 "1" "$schedctl" exec kernel --anyway -- sh -c "'$schedctl' status | grep -c '^  hold: '"
expect 0 "" "$schedctl" auto
holds_are 0 "after an override"

# The daemon ends: the command goes on.
"$schedctl" exec kernel -- sh -c 'read -r _; exit 6' <> <(:) & survivor=$!
holds_are 1
kill "$daemon"
wait "$daemon"
daemon=
kill -0 "$survivor" 2> /dev/null || complain "the command ended with the daemon"
start_daemon
holds_are 0 "a daemon that knows nothing of it"
kill "$survivor"
wait "$survivor" 2> /dev/null
[ "$failures" = 0 ]
