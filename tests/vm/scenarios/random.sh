# Random switches between four schedulers under load, with random kills of the daemon: no panic, no orphan, and at no look a wrong status
# (programs/status_observer.cc). SCHEDKIT_SEED chooses another game, SCHEDKIT_LONG a long one.
. "$PAYLOAD/guest.sh"
switches=20 counting=20 # a short game may be mostly changes and restarts, which do not count
[ -z "$SCHEDKIT_LONG" ] || switches=500 counting=50
RANDOM=${SCHEDKIT_SEED:-1}
mkdir -p /etc/schedkit
{
  use_scheduler a schedkit:schedkit_fifo
  use_scheduler b schedkit:schedkit_vtime
  use_scheduler c schedkit:schedkit_fifo 'args = ["--slice-us", "5000"]' 'standby = true'
  use_scheduler d schedkit:schedkit_vtime 'args = ["--slice-us", "3000"]' 'probation = "300ms"'
} > /etc/schedkit/random.toml
printf '[switch]\nprobation = "3s"\nattach-timeout = "60s"\nload-timeout = "120s"\nstop-timeout = "10s"\n[rollback]\nstrikes = 100\nbackoff-min = "1ms"\nbackoff-max = "1ms"\n' > /etc/schedkit/schedkit.toml
start_daemon
assert_ok "run a" "$SCHEDCTL" run a

# Load: threads that always wake each other, and one that always forks.
hogs=()
hackbench -T -g 1 -f 4 -l 100000000 > /dev/null 2>&1 & hogs+=($!)
(while :; do (:); pause 0.02; done) & hogs+=($!)
status_observer $counting > observer.txt & observer=$!

declare -A did
for ((i = 1; i <= switches; i++)); do
  names=(a b c d)
  name=${names[RANDOM % 4]}
  case $((RANDOM % 10)) in
    0) # another wish while one is under way
      "$SCHEDCTL" run "$name" > /dev/null 2>&1 & other=$!
      pause "0.$((RANDOM % 10))"
      "$SCHEDCTL" run "${names[RANDOM % 4]}" > /dev/null 2>&1
      wait $other
      kind=overtaken
      ;;
    1) # killed at a random moment
      "$SCHEDCTL" run "$name" > /dev/null 2>&1 & other=$!
      pause "$((RANDOM % 2)).$((RANDOM % 10))"
      stop_daemon KILL
      wait $other
      start_daemon > /dev/null
      kind=killed
      ;;
    2) # ends at a random moment
      "$SCHEDCTL" run "$name" > /dev/null 2>&1 & other=$!
      pause "0.$((RANDOM % 10))"
      stop_daemon > /dev/null
      wait $other
      start_daemon > /dev/null
      kind=ended
      ;;
    3)
      "$SCHEDCTL" stop > /dev/null 2>&1
      kind=stopped
      ;;
    *)
      "$SCHEDCTL" run "$name" > run.txt 2>&1 || fail "run $name: $(cat run.txt)"
      kind=switched
      ;;
  esac
  did[$kind]=$((${did[$kind]:-0} + 1))
  ((i % 10)) || say "$i of $switches; $(scx_state) $(scx_ops)"
done
for kind in "${!did[@]}"; do say "$kind: ${did[$kind]}"; done

step "what status said"
kill $observer
wait $observer
result=$?
grep -v '^late' observer.txt | tail -n 20
assert_eq 0 $result "status was true whenever it was looked at"
kill "${hogs[@]}"

step "nothing is left"
assert_ok "run b" "$SCHEDCTL" run b
expect_state enabled 1 schedkit_vtime
expect_status .state running 60
expect_status '[.standbys[] | select(.name == "c") | .phase][0]' "at the gate" 60
expect_clean 60 "at the end"
[ "$("$SCHEDCTL" history -n 1000 -o json | jq '[.[] | select(.event == "foreign" or .event == "out-of-turn" or .event == "stuck")] | length')" = 0 ] ||
  fail "history tells of what did not happen: $("$SCHEDCTL" history -n 1000 | grep -E 'foreign|out-of-turn|stuck')"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
