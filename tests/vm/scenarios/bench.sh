# `schedctl bench` on a real kernel: it tells schedkit_fifo, schedkit_vtime and the kernel's own apart, and puts things back.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
} > /etc/schedkit/bench.toml
start_daemon
rounds=7 seconds=0.7  # with seven, one disturbed round is outside of the interval
[ -z "${SCHEDKIT_LONG:-}" ] || rounds=10 seconds=2

step "three schedulers, one workload"
"$SCHEDCTL" bench fifo vtime -w wakeup -r $rounds -s $seconds -o json --html /tmp/bench.html > /tmp/bench.json ||
  fail "bench ended with $?"
cat /tmp/bench.json
verdict() { jq -r ".workloads[0].schedulers[] | select(.scheduler == \"$1\").verdict" /tmp/bench.json; }
interval() { jq -r ".workloads[0].schedulers[] | select(.scheduler == \"$1\") | \"\(.low) \(.high)\"" /tmp/bench.json; }
assert_eq baseline "$(verdict kernel)" "what is compared with"
apart() {  # A B: their intervals do not touch
  read -r a_low a_high <<< "$(interval "$1")"
  read -r b_low b_high <<< "$(interval "$2")"
  jq -en "$a_high < $b_low or $b_high < $a_low" > /dev/null || fail "$1 ($a_low to $a_high) and $2 ($b_low to $b_high) touch"
}
apart fifo vtime
apart fifo kernel
apart vtime kernel
assert_eq "[]" "$(jq -c .failed /tmp/bench.json)" "none failed"
assert_contains "$(cat /tmp/bench.html)" "<svg" "the page has a plot"

step "the rules are back"
expect_state disabled 10
assert_eq 0 "$(status '.holds // [] | length')" "holds that are left"

step "all workloads, killed in the middle"
"$SCHEDCTL" bench vtime -r 1000 -s 0.3 > /tmp/killed.txt 2>&1 & command=$!
expect_state enabled 60 schedkit_vtime
kill -KILL $command
wait $command 2> /dev/null
expect_state disabled 10

step "all workloads, ended in the middle"
"$SCHEDCTL" bench vtime -r 1000 -s 0.3 > /tmp/ended.txt 2>&1 & command=$!
expect_state enabled 60 schedkit_vtime
kill -TERM $command
wait $command
assert_eq 1 $? "exit code without a finished round"
assert_contains "$(cat /tmp/ended.txt)" "ended before the first round was" "it says so"
expect_state disabled 10

step "an override stands above it"
assert_ok "run fifo" "$SCHEDCTL" run fifo
said=$("$SCHEDCTL" bench vtime -w wakeup -r 1 -s 0.3 2>&1) && fail "it claims to have measured below an override"
assert_contains "$said" "schedctl auto" "it says what to do"
is_state enabled schedkit_fifo || fail "the override is gone"
