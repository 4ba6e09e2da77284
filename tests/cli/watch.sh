#!/bin/bash
# watch.sh BIN: what `schedctl watch --record` writes of a real daemon, played again by `schedctl simulate`, gives the same
# decisions. Processes begin, are renamed by exec and end; rules linger; a command stands above them; a file changes.
set -u
bin=$1
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
work=$(mktemp -d)
daemon= watcher= failures=0
end() {
  [ -z "$watcher" ] || kill "$watcher" 2> /dev/null
  [ -z "$daemon" ] || kill -9 "$daemon" 2> /dev/null
  wait
  rm -rf "$work"
}
trap end EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
schedctl=$bin/schedctl
exec {never}<> <(:)
pause() { read -rt "$1" -u "$never" _ || :; }
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

# wait_for TEXT COMMAND…: until its output has TEXT, at most 60 s; then the test is over.
wait_for() {
  local text=$1 tries
  shift
  for ((tries = 0; tries < 1200; tries++)); do
    [[ $("$@" 2>&1) != *"$text"* ]] || return 0
    pause 0.05
  done
  fail "'$text' never came from: $*"
  "$@"
  tail -n 20 "$work/log"
  exit 1
}
# policy [RULE…]: the rules one and two, and more that never hold.
policy() {
  cat > "$work/root/etc/schedkit/watch.toml" << END
[schedulers.a]
image = "oci:/nowhere:a"

[[rules]]
name = "one"
use = "a"
priority = 100
linger = "1s"
when.process = { comm = "watch_one" }

[[rules]]
name = "two"
use = "kernel"
priority = 200
linger = "0s"
when.process = { comm = "watch_two", env = { WATCH_TOKEN = "sec*" } }
END
  local name
  for name; do
    printf '\n[[rules]]\nname = "%s"\nuse = "a"\nwhen.process = { comm = "%s" }\n' "$name" "$name" >> "$work/root/etc/schedkit/watch.toml"
  done
}
declare -A games
start_game() {
  cp -n /bin/sleep "$work/$1"
  WATCH_TOKEN=secret "$work/$1" 1000 &
  games[$1]=$!
}
end_game() { kill "${games[$1]}"; wait "${games[$1]}" 2> /dev/null; }
# decisions FILE: scheduler, cause and rule of each.
decisions() { jq -rc 'select(.event == null or .event == "decision") | [.scheduler, .cause, .rule]' "$1"; }

mkdir -p "$work/root/etc/schedkit"
printf '[switch]\ndwell = "500ms"\n' > "$work/root/etc/schedkit/schedkit.toml"
policy
"$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" > "$work/log" 2>&1 &
daemon=$!
wait_for "schedctl" "$schedctl" version
start_game watch_one
wait_for "rule watch.toml/one holds" "$schedctl" status
"$schedctl" watch --record "$work/recording.jsonl" > "$work/shown" &
watcher=$!
wait_for '"snapshot"' cat "$work/recording.jsonl"
[ "$(stat -c %a "$work/recording.jsonl")" = 600 ] || fail "others may read the recording"

start_game watch_two
wait_for "watch.toml/two" cat "$work/shown"
end_game watch_two
wait_for "process-gone" cat "$work/shown"
pause 0.7
policy three
wait_for '"reload"' cat "$work/recording.jsonl"
start_game watch_two
end_game watch_one
wait_for "lingers" "$schedctl" explain
wait_for '"rule":"watch.toml/two"' tail -n 2 "$work/recording.jsonl"
"$schedctl" stop
"$schedctl" auto
wait_for '"event":"auto"' cat "$work/recording.jsonl"
end_game watch_two
wait_for "no rule holds" "$schedctl" status
pause 0.7
kill -INT "$watcher"
wait "$watcher"
[ $? = 0 ] || fail "watch does not end well"
watcher=

{ jq -c 'select(.event == "snapshot") | .present[0]' "$work/recording.jsonl" | head -n 1; cat "$work/recording.jsonl"; } > "$work/told"
"$schedctl" simulate "$work/recording.jsonl" "$work/root/etc/schedkit" -o json > "$work/replayed" || fail "simulate refuses the recording"
decisions "$work/told" > "$work/told.decisions"
decisions "$work/replayed" > "$work/replayed.decisions"
diff -u "$work/told.decisions" "$work/replayed.decisions" || fail "the recording plays back to something else"
[ "$(wc -l < "$work/told.decisions")" -ge 6 ] || fail "too few decisions to mean anything"
grep -q secret "$work/recording.jsonl" "$work/shown" && fail "a value of an environment is in the recording"
grep -q '"env-matches":\[{"name":"WATCH_TOKEN","glob":"sec\*"}\]' "$work/recording.jsonl" || fail "the match is missing"
# top: a line per look where there is no terminal, with what was counted since the one before; counters of a kernel as a file.
sysfs=$work/sysfs
mkdir -p "$sysfs/root"
echo enabled > "$sysfs/state" && echo theirs > "$sysfs/root/ops" && echo 1 > "$sysfs/enable_seq"
counters() { printf 'SCX_EV_ENQ_SKIP_EXITING %s\nSCX_EV_BYPASS_DISPATCH 7\nodd line here\n' "$1" > "$sysfs/root/events"; }
counters 10
SCHEDKIT_SYSFS=$sysfs "$schedctl" top -n 40 -d 0.1 > "$work/top" &
watcher=$!
wait_for "T" cat "$work/top"
counters 15
wait "$watcher" || fail "top ended with $?"
watcher=
[ "$(wc -l < "$work/top")" = 40 ] || fail "top printed $(wc -l < "$work/top") lines for 40 looks"
[ "$(grep -c ' ENQ_SKIP_EXITING+5' "$work/top")" = 1 ] || fail "top did not count once what the kernel counted"
! grep -q BYPASS_DISPATCH "$work/top" || fail "top counts what did not change"
SCHEDKIT_SYSFS=$sysfs "$schedctl" top -n 1 -o json | jq -e '.kernel_events.BYPASS_DISPATCH == 7 and .status.schema_version == "1"' > "$work/json" ||
  fail "top -o json"
# On a terminal: the whole picture, until q; then everything is as before.
if command -v script > /dev/null; then
  { pause 1; printf q; } | SCHEDKIT_SYSFS=$sysfs TERM=xterm timeout 60 script -qec "stty rows 20 columns 60; '$schedctl' top -d 0.2" "$work/typescript" > "$work/screen" ||
    fail "top on a terminal ended with $?"
  for part in $'\e[?1049h' 'BYPASS_DISPATCH' 'trigger events' $'\e[?25h\e[?1049l'; do
    grep -qF -- "$part" "$work/screen" || fail "top on a terminal lacks $(printf %q "$part")"
  done
  [ "$(sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' "$work/screen" | tr -d '\r' | wc -L)" -le 60 ] || fail "top is wider than its terminal"
fi
kill "$daemon"
wait "$daemon"
daemon=
SCHEDKIT_SYSFS=$sysfs "$schedctl" top -n 1 > "$work/top"
[ $? = 4 ] || fail "top without a daemon ended with another status than 4"
grep -q '  foreign  theirs  the daemon is unreachable' "$work/top" || fail "top without a daemon says $(cat "$work/top")"
[ "$failures" = 0 ] || { cat "$work/shown"; tail -n 20 "$work/log"; }
[ "$failures" = 0 ]
