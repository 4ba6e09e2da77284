#!/bin/bash
# A storm of fork+exec while schedkitd has 4,096 rules loaded, beside forkstat and execsnoop-bpfcc reading the same storm, on
# this machine: storm.sh [COUNT [BIN]]. As root. Twice: with rules whose names the kernel filters, and with a glob among them
# that it cannot filter, so that the daemon is told of every process. Exit status 1 when events were lost and not made good
# by a rescan, or when filtered the daemon used 1 % of the storm's CPU time; 77 when this machine does not allow it.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
count=${1:-20000}
bin=${2:-$build_dir/plain/bin}
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
rules=4096
work=$(mktemp -d)
daemon= readers=()
end() {
  local pid
  for pid in $daemon "${readers[@]}"; do kill -9 "$pid" 2> /dev/null || :; done
  wait 2> /dev/null || :
  rm -rf "$work"
}
trap end EXIT
export SCHEDKIT_RUN_DIR=$work/run
exec {never}<> <(:)
pause() { read -rt "$1" -u "$never" _ || :; }
# cpu_us PID: what all its threads have used.
cpu_us() { cat /proc/"$1"/task/*/schedstat 2> /dev/null | awk '{ sum += $1 } END { printf "%d\n", sum / 1000 }' || :; }
status() { "$bin/schedctl" status -o json | jq -r "$1"; }

# write_rules GLOB: 4,096 rules in as many files as their sizes ask for; GLOB is the first one's name.
write_rules() {
  local number
  mkdir -p "$work/root/etc/schedkit"
  rm -f "$work"/root/etc/schedkit/*.toml
  for ((number = 0; number < rules; number++)); do
    local condition
    case $((number % 4)) in
      1) condition="cgroup = { path = \"/build-$number.slice/**\" }" ;;
      2) condition="dbus-signal = { member = \"Began$number\", for = \"10s\" }" ;;
      *) condition="process = { comm = \"game-$number\" }" ;;
    esac
    [ "$number" != 0 ] || condition="process = { comm = \"$1\" }"
    printf '[[rules]]\nname = "r%d"\nuse = "kernel"\npriority = %d\nwhen.%s\n\n' "$number" $((number % 1000)) "$condition" \
      >> "$work/root/etc/schedkit/f$((number / 400)).toml"
  done
}
start_daemon() {
  "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" > "$work/log" 2>&1 &
  daemon=$!
  local tries
  for ((tries = 0; tries < 600; tries++)); do
    [ "$(status '.rules | length' 2> /dev/null)" != "$rules" ] || return 0
    kill -0 $daemon || break
    pause 0.1
  done
  echo "FAIL: schedkitd has not loaded $rules rules"
  cat "$work/log"
  exit 1
}
stop_daemon() {
  kill "$daemon"
  wait "$daemon" || :
  daemon=
}
# storm: sets STORM_US, the CPU time of the storm with all its processes.
storm() {
  local TIMEFORMAT='%U %S' times
  { time "$bin/fixtures/spawn_storm" "$count" > "$work/storm" 2>&1; } 2> "$work/times" || { cat "$work/storm"; exit 1; }
  read -r -a times < "$work/times"
  STORM_US=$(awk -v user="${times[0]}" -v sys="${times[1]}" 'BEGIN { printf "%d\n", (user + sys) * 1000000 }')
}
share() { awk -v part="$1" -v whole="$STORM_US" 'BEGIN { printf "%.3f", 100 * part / whole }'; }
report() { # WHAT CPU_US EXTRA: what one of the readers used
  printf '  %-28s %8d us, %s %% of the storm%s\n' "$1" "$2" "$(share "$2")" "${3:+; $3}"
  printf '{"bench":"storm","mode":"%s","what":"%s","processes":%d,"cpu_us":%d,"storm_us":%d}\n' "$mode" "$1" "$count" "$2" "$STORM_US"
}
# start_reader NAME COMMAND…
declare -A reader
start_reader() {
  local name=$1
  shift
  command -v "$1" > /dev/null || { echo "  $name is not installed"; return; }
  "$@" > "$work/$name.out" 2> "$work/$name.err" < /dev/null &
  pause "$settle"
  reader[$name]=$!
  readers+=($!)
}
# drop_dead: a reader that cannot work on this kernel may need a while to find out.
drop_dead() {
  local name
  for name in "${!reader[@]}"; do
    kill -0 "${reader[$name]}" 2> /dev/null && continue
    echo "  $name does not work on this kernel: $(tail -n 1 "$work/$name.err" | cut -c 1-120)"
    unset "reader[$name]"
  done
}
settle=1
[ "$count" -lt 20000 ] || settle=10 # execsnoop compiles its program first

failed=0
measure() {
  mode=$1
  write_rules "$2"
  start_daemon
  local name before used lost wakeups sources
  declare -A began=()
  drop_dead
  for name in "${!reader[@]}"; do began[$name]=$(cpu_us "${reader[$name]}"); done
  sources=$(status '[.sources[0].name, .sources[0].lost, .sources[0].wakeups, .sources[0].delivered] | @tsv')
  read -r _ lost wakeups _ <<< "$sources"
  before=$(cpu_us "$daemon")
  storm
  used=$(($(cpu_us "$daemon") - before))
  local source lost_after wakeups_after
  read -r source lost_after wakeups_after _ <<< "$(status '[.sources[0].name, .sources[0].lost, .sources[0].wakeups, .sources[0].delivered] | @tsv')"
  echo "$mode: $(cat "$work/storm"), $((STORM_US / 1000)) ms of CPU"
  report schedkitd "$used" "$source: $((wakeups_after - wakeups)) wake-ups, $((lost_after - lost)) events lost"
  drop_dead
  for name in "${!reader[@]}"; do report "$name" $(($(cpu_us "${reader[$name]}") - began[$name])); done
  recovered "$2" || failed=1
  if [ "$source" != bpf ]; then
    echo "  without BPF nothing is filtered: the share is not judged"
  elif [ "$mode" = filtered ]; then
    awk -v share="$(share "$used")" 'BEGIN { exit !(share < 1) }' || { echo "FAIL: schedkitd used $(share "$used") % of the storm's CPU"; failed=1; }
  fi
  stop_daemon
}
# After the storm the daemon knows the truth: a game that began in it is seen, and one that ended is gone.
recovered() {
  local tries game=game-3
  cp -n /bin/sleep "$work/$game"
  "$work/$game" 1000 &
  local pid=$!
  for ((tries = 0; tries < 300; tries++)); do
    [ "$(status "[.rules[] | select(.rule == \"f0.toml/r3\") | .state][0]")" != active ] || break
    pause 0.1
  done
  kill $pid
  wait $pid 2> /dev/null || :
  [ "$tries" -lt 300 ] || { echo "FAIL: after the storm a game is not seen"; return 1; }
}

run() {
  start_reader forkstat forkstat -e exec
  start_reader execsnoop execsnoop-bpfcc
  storm
  echo "before, with nobody but the tools: $(cat "$work/storm"), $((STORM_US / 1000)) ms of CPU"
  measure filtered game-0
  measure unfiltered '*of-nothing*'
  return "$failed"
}
run > >(tee "$bench_results/storm.txt") 2>&1
