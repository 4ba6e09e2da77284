# kill -9 of schedkitd in every state of the switcher, found by watching it from outside; then another daemon starts, and the machine must
# be in a state that the table allows, with a true status and nothing left of what was under way.
. "$PAYLOAD/guest.sh"
rounds=1
[ -z "$SCHEDKIT_LONG" ] || rounds=5
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
  use_scheduler slow fixtures:fixture_hangs_before_attach
  use_scheduler quick schedkit:schedkit_fifo 'args = ["--slice-us", "9000"]' 'probation = "100ms"'
} > /etc/schedkit/crash.toml
printf 'default = "fifo"\n[switch]\nprobation = "10m"\nattach-timeout = "60s"\nload-timeout = "120s"\nstop-timeout = "10s"\n' > /etc/schedkit/schedkit.toml
start_daemon
expect_state enabled 60 schedkit_fifo

# What is waited for, each without a fork, since some of it is over in 50 ms. $candidate: directories of runs that were not there before.
shopt -s nullglob
new_run() { local run; for run in /run/schedkit/run/*; do [[ " $old_runs " == *" $run "* ]] || { candidate=$run; return 0; }; done; return 1; }
recorded() { new_run && [ -e "$candidate/record.json" ]; }
parked() {
  local text=
  recorded || return 1
  read -rd '' text < "$candidate/record.json"
  [[ $text =~ \"parked\":\ \[[[:space:]]*[0-9] ]]
}
let_go() { ! is_state enabled schedkit_fifo; }
enabling() { is_state enabling || is_state enabled schedkit_vtime; }
at_once() { :; }

# kill_when CONDITION: kill -9 in a busy loop, at once.
kill_when() {
  local end
  now_us
  end=$((NOW + 60000000))
  until "$1"; do
    now_us
    ((NOW < end)) || fail "$1 was not seen within 60 s"
  done
  kill -9 "$daemon_pid"
  killed_at="kernel $(scx_state) $(scx_ops)"
  wait "$daemon_pid" 2> /dev/null
}

# recovered WHAT: a new daemon brings the machine to what is wanted, and nothing else is there.
recovered() {
  local word
  start_daemon > /dev/null
  at_rest() { word=$(status '"\(.state) \(.scheduler.name // "none") \(.wanted.scheduler // "")"'); [[ $word == "probation $wanted "* || $word == "running $wanted "* ]]; }
  wait_for at_rest 120 || fail "$1: not at rest on $wanted: $("$SCHEDCTL" status -v)"
  is_state enabled "schedkit_${ops:-$wanted}" || fail "$1: status says $word, the kernel $(scx_state) $(scx_ops)"
  expect_clean 60 "$1"
  say "$1: killed with $killed_at; then $word, nothing left"
}

# case WHAT COMMAND CONDITION: COMMAND of schedctl is under way when CONDITION is seen.
crash() {
  step "$1"
  assert_ok auto "$SCHEDCTL" auto
  expect_state enabled 60 schedkit_fifo
  expect_clean 60 "before"
  old_runs="$(echo /run/schedkit/run/*)"
  # shellcheck disable=SC2086
  "$SCHEDCTL" $2 > /dev/null 2>&1 &
  local command=$!
  kill_when "$3"
  wait $command 2> /dev/null
  recovered "$1"
}

for ((round = 0; round < rounds; round++)); do
  wanted=fifo ops=''
  crash "preparing: the container's directory is there" "run vtime" new_run
  crash "preparing: the scheduler loads" "run slow" recorded
  crash "preparing: it is at the gate" "run vtime" parked
  crash "detaching" "run vtime" let_go
  crash "attaching" "run vtime" enabling
  crash "stopping" stop let_go

  step "probation, with the previous one at the gate"
  assert_ok "run vtime" "$SCHEDCTL" run vtime
  expect_status '[.standbys[] | select(.role == "previous") | .phase][0]' "at the gate" 60
  seq=$(scx_enable_seq) pid=$(status .scheduler.pid)
  kill_when at_once
  wanted=vtime
  recovered probation
  assert_eq "$seq $pid" "$(scx_enable_seq) $(status .scheduler.pid)" "it was adopted"
  assert_eq probation "$(status .state)" "it has to prove itself still"

  step "settled"
  assert_ok "run quick" "$SCHEDCTL" run quick
  expect_status .state running 20
  expect_status '.standbys | length' 0 20
  seq=$(scx_enable_seq) pid=$(status .scheduler.pid)
  kill_when at_once
  wanted=quick ops=fifo
  recovered settled
  assert_eq "$seq $pid" "$(scx_enable_seq) $(status .scheduler.pid)" "it was adopted"
  assert_eq running "$(status .state)" "it has proved itself"

  step "ending on SIGTERM"
  kill -TERM "$daemon_pid"
  kill_when at_once
  recovered "ending"
  assert_eq "$seq $pid" "$(scx_enable_seq) $(status .scheduler.pid)" "it was adopted"
done

step "the store is whole"
assert_ok "run vtime" "$SCHEDCTL" run vtime
[ -z "$(find /var/lib/schedkit -name '*.partial' -o -path '*/staging/*' | head -n 1)" ] || fail "left in the store: $(find /var/lib/schedkit)"
"$SCHEDCTL" history -n 200 -o json | jq -r '.[].event' | sort | uniq -c
[ "$("$SCHEDCTL" history -n 200 -o json | jq '[.[] | select(.event == "foreign")] | length')" = 0 ] || fail "ours was taken for a stranger"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
