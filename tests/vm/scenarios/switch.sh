# What schedkitd adds to a switch, against the bare kernel and crun in the same run: tests/bench/switch.cc.
. "$PAYLOAD/guest.sh"
rounds=5
[ -z "$SCHEDKIT_LONG" ] || rounds=40
mkdir -p /etc/schedkit
{
  use_scheduler fifo schedkit:schedkit_fifo
  use_scheduler vtime schedkit:schedkit_vtime
  use_scheduler ready schedkit:schedkit_vtime 'args = ["--slice-us", "10000"]' 'standby = true'
} > /etc/schedkit/bench.toml
# Ejected by SysRq once a round, and not tried again by itself.
printf '[switch]\nprobation = "1h"\nattach-timeout = "60s"\nload-timeout = "120s"\n[rollback]\nstrikes = 1000\nbackoff-min = "1h"\nbackoff-max = "1h"\n' > /etc/schedkit/schedkit.toml
start_daemon

benchmark switch $rounds ${SCHEDKIT_LONG:-few}
stop_daemon
