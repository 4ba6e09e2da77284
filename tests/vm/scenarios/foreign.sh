# How soon schedkitd tells of a scheduler that somebody else attaches, against a bare reader of uevents: tests/bench/foreign.cc.
. "$PAYLOAD/guest.sh"
rounds=5
[ -z "$SCHEDKIT_LONG" ] || rounds=40
mkdir -p /etc/schedkit
use_scheduler fifo schedkit:schedkit_fifo > /etc/schedkit/bench.toml
start_daemon

step "$rounds rounds"
bench_foreign --rounds $rounds 2>&1 | tee "$RESULTS/foreign.txt"
status=${PIPESTATUS[0]}
# Few rounds show that it works; only many say whether a bound is met.
[ "$status" = 0 ] || { [ "$status" = 1 ] && [ -z "$SCHEDKIT_LONG" ]; } || fail "bench_foreign ended with status $status"
stop_daemon
