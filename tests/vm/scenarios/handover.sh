# The time without a scheduler: through the gate against stop-first, same schedulers, same run (tests/bench/handover.cc).
. "$PAYLOAD/guest.sh"
rounds=6
[ -z "$SCHEDKIT_LONG" ] || rounds=25

mkdir -p /etc/schedkit
for scheduler in fifo vtime; do
  use_scheduler $scheduler "schedkit:schedkit_$scheduler"
  use_scheduler ${scheduler}_stop "schedkit:schedkit_$scheduler" 'handover = "stop-first"'
done > /etc/schedkit/bench.toml
# Without probation nothing waits at the gate for a rollback: each round loads its scheduler anew.
printf '[switch]\nprobation = "0s"\n' > /etc/schedkit/schedkit.toml
start_daemon

benchmark handover $rounds
expect_state disabled 1
stop_daemon
