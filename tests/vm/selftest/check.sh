#!/bin/bash
# check.sh CASE OUT: runs the harness on selftest/CASE.sh and checks that it notices what the scenario does.
# A harness that reports success for a dead machine would make every other VM test worthless.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
case=$1 out=$2 wanted='' text='' options=()
mkdir -p "$out"
case $case in
  panic) wanted=120 text='sysrq: Trigger a crash|Kernel panic - not syncing' ;;
  silence) wanted=121 text='printed nothing for 8 s' options=(--silence 8) ;;
  timeout) wanted=124 text='took longer than 6 s' options=(--timeout 6) ;;
  poweroff) wanted=122 text="without telling the scenario's status" ;;
  failure)
    wanted=7 text='no newline at the end, and status 7'
    echo "handed over" > "$out/given"
    options=(--smp 1)
    set -- "$out/given:etc/given.txt"
    ;;
  *) echo "unknown case $case" >&2; exit 64 ;;
esac
[ "$case" = failure ] || set --
status=0
"$here/../run" "${options[@]}" --out "$out" "$here/$case.sh" "$@" > "$out/harness.log" 2>&1 || status=$?
cat "$out/harness.log"
[ "$status" != 77 ] || exit 77
[ "$status" = "$wanted" ] || { echo "FAIL: the harness ended with $status, expected $wanted"; exit 1; }
grep -q '^vm: .*scenario starts' "$out/console.log" || { echo "FAIL: the scenario was not reached"; exit 1; }
grep -qE "$text" "$out/harness.log" || { echo "FAIL: the harness did not say '$text'"; exit 1; }
if [ "$case" = failure ]; then
  [ "$(cat "$out/results/kept.txt")" = "came back" ] || { echo "FAIL: the result file did not come back"; exit 1; }
fi
if pgrep -af "file:$out/kernel.log"; then echo "FAIL: QEMU was left running"; exit 1; fi
echo "ok: status $status as it should be"
