#!/bin/bash
# schedkitd on a dbus-daemon with the shipped bus policy, driven by a Python client, busctl and schedctl.
set -u
bin=$1
source=$(cd "$(dirname "$0")/../.." && pwd)
[ "$(id -u)" = 0 ] || { echo "skipped: schedkitd needs root"; exit 77; }
/usr/bin/python3 -c 'import dbus' 2> /dev/null || { echo "skipped: there is no python3-dbus"; exit 77; }
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2> /dev/null; wait "$pid"; done; rm -rf "$work"' EXIT
chmod 0755 "$work"
failures=0
complain() { echo "FAIL: $*"; failures=$((failures + 1)); }
# until_is TEXT COMMAND…: the command's output becomes TEXT within a minute.
until_is() {
  local wanted=$1 output=
  shift
  for _ in $(seq 600); do
    output=$("$@" 2>&1)
    [ "$output" = "$wanted" ] && return
    read -rt 0.1 _ <> <(:)
  done
  complain "$*: $output, wanted $wanted"
}

cat > "$work/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type><listen>unix:path=$work/bus</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
  </policy>
  <include>$source/units/dbus/io.schedkit.Manager1.conf</include>
  <include>$source/units/dbus/org.scx.Loader.conf</include>
</busconfig>
END
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$work/bus SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
mkdir -p "$work/root/etc/schedkit"
start_bus() {
  rm -f "$work/bus"
  dbus-daemon --config-file="$work/bus.conf" --nofork > "$work/bus.log" 2>&1 &
  bus=$!
  pids+=("$bus")
}
owner() { busctl --address="$DBUS_SYSTEM_BUS_ADDRESS" call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s "$1" 2> /dev/null; }

start_bus
"$bin/schedkitd" --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" > "$work/log" 2>&1 &
daemon=$!
pids+=("$daemon")
until_is "b true" owner io.schedkit.Manager1
/usr/bin/python3 "$source/tests/units/client.py" "$source/units/dbus" || complain "the Python client"

# A hold of schedctl lasts as long as schedctl.
"$bin/schedctl" hold kernel --reason "a test of hold" > "$work/hold" 2>&1 &
hold=$!
pids+=("$hold")
held() { "$bin/schedctl" status | grep -c 'hold: .*a test of hold'; }
until_is 1 held
"$bin/schedctl" explain | grep -q 'hold .* on kernel by schedctl .*: a test of hold' || complain "explain does not show the hold"
kill -INT "$hold"
wait "$hold" || complain "schedctl hold ended with $?: $(cat "$work/hold")"
until_is 0 held
"$bin/schedctl" hold oci:/x:y && complain "an image was held"

# The claim of org.scx.Loader; the bus dies and comes back.
"$bin/schedctl" loader on || complain "schedctl loader on"
[ "$(owner org.scx.Loader)" = "b true" ] || complain "org.scx.Loader is not served"
kill -KILL "$bus"
wait "$bus" 2> /dev/null
start_bus
until_is "b true" owner io.schedkit.Manager1
until_is "b true" owner org.scx.Loader
"$bin/schedctl" loader off || complain "schedctl loader off"

# Others may not own the name, and reach the daemon without the socket.
if setpriv --reuid=65534 --regid=65534 --clear-groups true 2> /dev/null; then
  nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
  chmod 0755 "$work/run"
  $nobody "$bin/schedctl" status -v | grep -q "delivered" || complain "nobody cannot see the status"
  $nobody "$bin/schedctl" stop > "$work/out" 2>&1
  status=$?
  [ "$status" = 3 ] || complain "nobody's stop ended with $status, wanted 3: $(cat "$work/out")"
  grep -q "polkit" "$work/out" || complain "it does not say why: $(cat "$work/out")"
fi
kill "$daemon"
wait "$daemon" || { complain "schedkitd ended with $?"; cat "$work/log"; }
[ "$failures" = 0 ]
