# What a switch may not do: hurt. The fault matrix (every misbehaving scheduler, against nothing running, a good one running, a good one
# on probation, and as a standby), then standby over CPU hotplug, strangers, pins and quarantine.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
faults=(fails_verification exits_before_attach hangs_before_attach init_fails attaches_then_exits stalls ignores_sigterm
  child_holds_link eats_memory floods)

# policy [STANDBY]: all fixtures beside two good ones; STANDBY waits at the gate.
policy() {
  local fault patience
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
  for fault in "${faults[@]}"; do
    patience=120s # on a loaded machine loading takes long
    [ "$fault" != hangs_before_attach ] || patience=15s
    use_scheduler "$fault" "fixtures:fixture_$fault" "load-timeout = \"$patience\"" 'memory = "96MiB"'
    [ "$fault" != "${1:-}" ] || echo 'standby = true'
    [ "$fault" != attaches_then_exits ] || echo 'args = ["--after-ms", "1000"]'
  done
}
printf '[switch]\nprobation = "%s"\nstop-timeout = "3s"\n[rollback]\nbackoff-min = "10m"\nbackoff-max = "10m"\n' 20s > /etc/schedkit/schedkit.toml
policy > /etc/schedkit/fixtures.toml
start_daemon

# agree: the kernel, status and each other's names; a sample counts when the kernel says the same before and after.
agree() {
  local before after word name
  for _ in 1 2 3 4 5; do
    before="$(scx_state) $(scx_ops)"
    read -r word name < <(status '"\(.state) \(.scheduler.name // "none")"')
    after="$(scx_state) $(scx_ops)"
    [ "$before" = "$after" ] || continue
    case $word in
      running | probation) [[ $before == "enabled "* ]] || return 1 ;;
      idle) [[ $before == "disabled "* ]] || return 1 ;;
    esac
    return 0
  done
  return 1
}
last_event() { "$SCHEDCTL" history -n 30 -o json | jq -r "[.[] | select($1)] | last | $2"; }

declare -A cell
# Ends a cell: the machine is on WANTED ("kernel" for none), status agrees, history names the fault.
settle_on() {
  local fault=$1 column=$2 wanted=$3 word
  if [ "$wanted" = kernel ]; then
    wait_for 'is_state disabled' 60 || fail "$fault/$column: not back on the kernel's own"
  else
    wait_for "is_state enabled schedkit_$wanted" 60 || fail "$fault/$column: not back on $wanted"
  fi
  agree || fail "$fault/$column: status and kernel disagree: $("$SCHEDCTL" status)"
  word=$(last_event "(.to == \"$fault\" or .from == \"$fault\") and (.event == \"failed\" or .event == \"lost\" or .event == \"standby\")" .text)
  [ "$word" != null ] || fail "$fault/$column: history does not say why: $("$SCHEDCTL" history)"
  cell[$fault/$column]="$wanted: ${word:0:70}"
  say "$fault/$column: ${cell[$fault/$column]}"
}
# These two do no harm of their own; what they must not do is stay.
harmless() { [ "$1" = ignores_sigterm ] || [ "$1" = floods ]; }

provoke() {
  local fault=$1 column=$2 back=$3
  assert_ok "clear" "$SCHEDCTL" quarantine clear
  "$SCHEDCTL" run "$fault" > run.txt 2>&1
  if harmless "$fault"; then
    expect_state enabled 10 "fx_$fault"
    if [ "$back" = kernel ]; then assert_ok stop "$SCHEDCTL" stop; else assert_ok run "$SCHEDCTL" run "$back"; fi
    agree || fail "$fault/$column: status and kernel disagree"
    if [ "$back" = kernel ]; then expect_state disabled 10; else expect_state enabled 10 "schedkit_$back"; fi
    cell[$fault/$column]="$back: let go, its process killed"
  else
    settle_on "$fault" "$column" "$back"
  fi
}

for fault in "${faults[@]}"; do
  step "$fault, nothing running"
  assert_ok stop "$SCHEDCTL" stop
  provoke "$fault" nothing kernel

  step "$fault, a good one running"
  assert_ok "run vtime" "$SCHEDCTL" run vtime
  provoke "$fault" probation vtime # vtime itself is on probation here

  [ "$fault" = exits_before_attach ] || [ "$fault" = attaches_then_exits ] || [ -n "$SCHEDKIT_LONG" ] || continue
  step "$fault, a proved one running"
  assert_ok "run vtime" "$SCHEDCTL" run vtime
  expect_status .state running 60
  provoke "$fault" good vtime
done

step "as a standby"
for fault in "${faults[@]}"; do
  assert_ok "run vtime" "$SCHEDCTL" run vtime
  assert_ok "clear" "$SCHEDCTL" quarantine clear
  seq=$(scx_enable_seq)
  policy "$fault" > /etc/schedkit/fixtures.toml
  assert_ok reload "$SCHEDCTL" reload
  case $fault in
    fails_verification | exits_before_attach | hangs_before_attach)
      expect_status "[.standbys[] | select(.name == \"$fault\") | .phase][0]" "given up" 60
      settle_on "$fault" standby vtime
      ;;
    *)
      expect_status "[.standbys[] | select(.name == \"$fault\") | .phase][0]" "at the gate" 60
      cell[$fault/standby]="vtime: waits at the gate"
      ;;
  esac
  is_state enabled schedkit_vtime || fail "$fault as a standby cost the present scheduler"
  assert_eq "$seq" "$(scx_enable_seq)" "$fault as a standby moved enable_seq"
  say "$fault/standby: ${cell[$fault/standby]}"
done

step "the matrix: where each cell ended, and why"
for fault in "${faults[@]}"; do
  for column in nothing probation good standby; do
    printf '  %-20s %-10s %s\n' "$fault" "$column" "${cell[$fault/$column]:--}"
  done
done | tee "$RESULTS/matrix.txt"

step "a refusal at attach is decided at once"
policy > /etc/schedkit/fixtures.toml
assert_ok reload "$SCHEDCTL" reload
assert_ok stop "$SCHEDCTL" stop
assert_ok "clear" "$SCHEDCTL" quarantine clear
"$SCHEDCTL" run init_fails > /dev/null 2>&1
refused=$(last_event '.event == "failed" and .to == "init_fails"' .attach_ms)
assert_ok "run fifo" "$SCHEDCTL" run fifo
handover=$(last_event '.event == "switched" and .to == "fifo"' .attach_ms)
say "refused after $refused ms; a good attach takes $handover ms here"
jq -en "$refused <= 200 or $refused <= 5 * $handover" > /dev/null || fail "a refusal took $refused ms to be decided"

step "CPU off and on, then a switch to the standby: one hand-over"
{ policy; printf '[schedulers.ready]\nimage = "oci:%s/images/schedkit:schedkit_vtime"\nargs = ["--slice-us", "10000"]\nstandby = true\n' "$PAYLOAD"; } > /etc/schedkit/fixtures.toml
assert_ok reload "$SCHEDCTL" reload
expect_status '[.standbys[] | select(.name == "ready") | .phase][0]' "at the gate" 60
assert_ok "run fifo" "$SCHEDCTL" run fifo
echo 0 > /sys/devices/system/cpu/cpu1/online
echo 1 > /sys/devices/system/cpu/cpu1/online
expect_status '[.standbys[] | select(.name == "ready") | .phase][0]' "at the gate" 60
expect_state enabled 30 schedkit_fifo
"$SCHEDCTL" history -n 5
seq=$(scx_enable_seq)
assert_ok "run ready" "$SCHEDCTL" run ready
assert_eq $((seq + 1)) "$(scx_enable_seq)" "one enable"
prepared=$(last_event '.event == "switched" and .to == "ready"' '.prepare_ms // 0')
say "prepared in $prepared ms"
jq -en "$prepared < 50" > /dev/null || fail "the standby was not ready: prepared in $prepared ms"

step "the one replaced returns to the gate by itself"
assert_ok "run fifo" "$SCHEDCTL" run fifo
expect_status '[.standbys[] | select(.name == "ready") | .phase][0]' "at the gate" 60

step "three strikes are quarantine, told and lifted"
sed -i 's/10m/100ms/' /etc/schedkit/schedkit.toml
start_game doomed
use_rule doomed exits_before_attach doomed 200 1s > /etc/schedkit/doomed.toml
assert_ok reload "$SCHEDCTL" reload # now, not when the directory has been quiet for a while
"$SCHEDCTL" auto > auto.txt 2>&1 && fail "auto succeeds although what the rule wants cannot attach"
expect_status '[.strikes[] | select(.quarantined) | .scheduler][0]' exits_before_attach 60
assert_contains "$("$SCHEDCTL" status -v)" "schedctl quarantine clear exits_before_attach" "status tells the remedy"
"$SCHEDCTL" run exits_before_attach > run.txt 2>&1 && fail "a scheduler in quarantine was started"
assert_contains "$(cat run.txt)" "is quarantined" "the failure says so"
assert_contains "$("$SCHEDCTL" quarantine)" "exits_before_attach" "quarantine lists it"
stop_daemon KILL
start_daemon
expect_status '[.strikes[] | select(.quarantined) | .scheduler][0]' exits_before_attach 20 # the killed daemon's socket is still there
assert_contains "$("$SCHEDCTL" quarantine list -o json | jq -r '.[].scheduler')" exits_before_attach "it survives the daemon"
assert_ok "quarantine clear" "$SCHEDCTL" quarantine clear exits_before_attach
end_game doomed
rm /etc/schedkit/doomed.toml

step "somebody else's scheduler is respected"
assert_ok stop "$SCHEDCTL" stop
assert_ok auto "$SCHEDCTL" auto
expect_state disabled 10
"$PAYLOAD/bin/schedulers/schedkit_fifo" > /dev/null 2>&1 & stranger=$!
expect_state enabled 30 schedkit_fifo
expect_status .state foreign 10
assert_eq schedkit_fifo "$(status .kernel.ops)" "status names it"
expect_status '.foreign_owner | startswith("somebody")' false 10 # its attach call has returned
assert_contains "$(status .foreign_owner)" "schedkit_fifo (pid $stranger" "the owner is named"
assert_eq 1 "$("$SCHEDCTL" history -n 20 -o json | jq '[.[] | select(.event == "foreign")] | length')" "told once in history"
kill $stranger
wait $stranger 2> /dev/null
expect_state disabled 10
expect_status .state idle 10
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
