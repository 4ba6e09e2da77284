# Each kind of trigger switches a real scheduler through its real source, and back: exec and rename, a systemd scope, a
# signal on the system bus, a property, UPower's, the clock set over the edges of a window, pressure. What `schedctl watch`
# records of it plays back to the same decisions.
. "$PAYLOAD/guest.sh"

# The clock is set here: time is the kernel's, since its start.
now_us() {
  local up
  read -r up _ < /proc/uptime
  NOW=$((10#${up/./} * 10000))
}
now_us
_start=$NOW

# rule NAME WHEN: each asks for the same scheduler.
rule() { printf '\n[[rules]]\nname = "%s"\nuse = "fifo"\nlinger = "0s"\n[rules.when]\n%s\n' "$1" "$2"; }
on() {
  expect_state enabled 60 schedkit_fifo
  assert_eq "triggers.toml/$1" "$(status .rule)" "the rule that asks for it"
}
off() { expect_state disabled 60; }
bus_object() { # its properties change by what is written to the descriptor: bus_object NAME PATH INTERFACE PROPERTY TYPE VALUE
  exec {property}> >("$PAYLOAD/bin/fixtures/bus_actor" "$@" 2>> "$RESULTS/actor.log")
  wait_for "busctl --system status $1 > /dev/null 2>&1" 30 || fail "$1 is not on the bus: $(cat "$RESULTS/actor.log")"
}
emit() { assert_ok "a signal" busctl --system emit /test test.Build "$@"; }
set_clock() { date -u -s "$1" > /dev/null && say "the clock says $1"; }

mkdir -p /etc/schedkit
printf '[switch]\ndwell = "0s"\n' > /etc/schedkit/schedkit.toml
{
  use_scheduler fifo schedkit:schedkit_fifo 'standby = true'
  rule exec 'process = { comm = "trigger_game" }'
  rule rename 'process = { comm = "*.exe" }'
  rule cgroup 'cgroup = { path = "/work.slice/*.scope" }'
  rule signal 'dbus-signal = { interface = "test.Build", member = "Began", args = { 0 = "big*" }, until = { interface = "test.Build", member = "Ended" } }'
  rule property 'dbus-property = { name = "test.Mode", path = "/test", interface = "test.Mode", property = "Mode", equals = "busy" }'
  rule power 'power = { source = "battery" }'
  rule time 'time = { start = "10:00", end = "11:00", timezone = "UTC" }'
} > /etc/schedkit/triggers.toml
cat > /etc/dbus-1/system.d/triggers.conf << END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><policy user="root"><allow own="test.Mode"/><allow own="org.freedesktop.UPower"/>
<allow send_destination="test.Mode"/><allow send_destination="org.freedesktop.UPower"/></policy></busconfig>
END
assert_ok "the bus' configuration" busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus ReloadConfig
set_clock "2030-06-03 09:00:00"
start_daemon
expect_status '.rules | length' 7 20
expect_status '.standbys | length' 1 60
"$SCHEDCTL" watch --record "$RESULTS/recording.jsonl" > "$RESULTS/watch.txt" &
watcher=$!
wait_for '[ -s "$RESULTS/recording.jsonl" ]' 20 || fail "nothing is recorded"

step "process: exec"
start_game trigger_game
on exec
end_game trigger_game
off

step "process: rename"
"$PAYLOAD/bin/fixtures/fake_game" --seconds 1000 --rename game.exe --after-ms 100 & wine=$!
on rename
kill $wine
wait $wine 2> /dev/null
off

step "cgroup: a scope of systemd"
systemd-run --quiet --scope --slice=work.slice --unit=build sleep 1000 2> /dev/null & scope=$!
on cgroup
assert_ok "ending the scope" systemctl kill --signal=KILL build.scope
wait $scope 2> /dev/null
off

step "D-Bus: a signal until another one; one that does not match"
emit Began s small
emit Began s big-one
on signal
emit Ended
off

step "D-Bus: a property, read when its owner comes, followed, gone with its owner"
bus_object test.Mode /test test.Mode Mode s busy
on property
echo idle >&"$property"
off
echo busy >&"$property"
on property
exec {property}>&-
off

step "power: UPower says battery"
bus_object org.freedesktop.UPower /org/freedesktop/UPower org.freedesktop.UPower OnBattery b false
echo true >&"$property"
on power
echo false >&"$property"
off
exec {property}>&-

step "time: the clock set into the window, back before it, and into it until it closes by itself"
set_clock "2030-06-03 10:30:00"
on time
set_clock "2030-06-03 09:30:00"
off
set_clock "2030-06-03 10:59:50"
on time
off

step "the recording plays back to the same decisions"
kill -INT $watcher
wait $watcher || fail "watch does not end well"
decisions() { jq -rc 'select(.event == null or .event == "decision") | [.scheduler, .rule]' "$1"; }
assert_ok "simulate" "$SCHEDCTL" simulate "$RESULTS/recording.jsonl" /etc/schedkit
"$SCHEDCTL" simulate "$RESULTS/recording.jsonl" /etc/schedkit -o json > replayed.jsonl
decisions recording.jsonl > told.txt
decisions replayed.jsonl | tail -n +2 > replayed.txt # without the one at the beginning
diff -u told.txt replayed.txt || fail "the recording plays back to something else"
say "$(wc -l < told.txt) decisions"

step "pressure: more work than CPUs"
rule pressure 'pressure = { resource = "cpu", some = "50%" }' >> /etc/schedkit/triggers.toml
expect_status '.rules | length' 8 20
wait_for 'is_state disabled' 30 || fail "it is under pressure before anybody works"
hogs=()
for _ in 1 2 3 4 5 6 7 8; do (while :; do :; done) & hogs+=($!); done
on pressure
kill "${hogs[@]}"
wait "${hogs[@]}" 2> /dev/null
off
"$SCHEDCTL" status > /dev/null || fail "status has a discrepancy: $("$SCHEDCTL" status -v)"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
