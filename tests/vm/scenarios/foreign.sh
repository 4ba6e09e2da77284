# How soon schedkitd tells of a scheduler that somebody else attaches, against a bare reader of uevents: tests/bench/foreign.cc.
. "$PAYLOAD/guest.sh"
rounds=5
[ -z "$SCHEDKIT_LONG" ] || rounds=40
mkdir -p /etc/schedkit
use_scheduler fifo schedkit:schedkit_fifo > /etc/schedkit/bench.toml
start_daemon

benchmark foreign $rounds ${SCHEDKIT_LONG:-few}
stop_daemon
