# schedkitd as its unit runs it, in its sandbox, on the system bus; org.scx.Loader as its clients call it.
. "$PAYLOAD/guest.sh"
manager=(io.schedkit.Manager1 /io/schedkit/Manager1 io.schedkit.Manager1)
loader=(org.scx.Loader /org/scx/Loader org.scx.Loader)

step "install"
cp "$PAYLOAD"/units/*.service "$PAYLOAD"/units/schedkit.slice /etc/systemd/system/
for program in schedkitd schedctl; do
  path=$(sed -nE "s#^ExecStart=([^ ]*/$program).*#\1#p" /etc/systemd/system/*.service | head -n 1)
  mkdir -p "$(dirname "$path")"
  ln -sf "$PAYLOAD/bin/$program" "$path"
done
cp "$PAYLOAD"/units/dbus/*.conf /usr/share/dbus-1/system.d/
cp "$PAYLOAD"/units/dbus/*.service /usr/share/dbus-1/system-services/
busctl call org.freedesktop.DBus / org.freedesktop.DBus ReloadConfig > /dev/null || fail "the bus does not reload"
mkdir -p /etc/schedkit
{
  use_scheduler rusty schedkit:schedkit_fifo
  printf '[schedulers.rusty.modes]\ngaming = []\n'
  use_scheduler lavd schedkit:schedkit_vtime
  use_scheduler bad fixtures:fixture_exits_before_attach
} > /etc/schedkit/units.toml
systemctl daemon-reload
assert_ok "start" systemctl start schedkitd
journal() { journalctl -u schedkitd --no-pager -o cat; }
wait_for '[ "$(busctl get-property "${manager[@]}" State 2> /dev/null)" = "s \"idle\"" ]' 60 || fail "not on the bus: $(journal)"

step "a scheduler runs in the sandbox's container"
assert_ok "run over the bus" busctl --timeout=300 call "${manager[@]}" Run 'sa{sv}' rusty 0
expect_state enabled 1 schedkit_fifo
owner=$(status .scheduler.pid)
assert_contains "$(cat "/proc/$owner/cgroup")" schedkit.slice "its cgroup"

step "reload waits, restart leaves the scheduler"
assert_ok "reload" systemctl reload schedkitd
assert_ok "restart" systemctl restart schedkitd
is_state enabled schedkit_fifo || fail "the scheduler went with the daemon"
expect_status .scheduler.pid "$owner" 30

step "a hand-over, and what fails"
assert_ok "run" "$SCHEDCTL" run lavd
expect_state enabled 1 schedkit_vtime
"$SCHEDCTL" run bad > /dev/null 2>&1 && fail "a scheduler that exits was run"
is_state enabled schedkit_vtime || fail "the failure cost the present one"

step "the journal finds transitions by scheduler and rule"
marked() { journalctl -u schedkitd --no-pager -o json "$@" | jq -r .MESSAGE; }
assert_contains "$(marked MESSAGE_ID=f089f15a4048435f88a51ccc45d11a79 SCHEDKIT_SCHEDULER=lavd)" "to lavd" "the switch"
assert_contains "$(marked MESSAGE_ID=7ea9a3449db1416dacabffa6f717ac20)" bad "the failure"
digest=$(status .scheduler.image_id)
[[ $digest == sha256:* ]] || fail "no digest: $digest"
assert_contains "$(marked SCHEDKIT_DIGEST="$digest")" "to lavd" "its digest"

step "a hold ends with its client"
assert_ok "auto" "$SCHEDCTL" auto
expect_state disabled 20
"$SCHEDCTL" hold rusty > hold.txt 2>&1 & hold=$!
expect_state enabled 60 schedkit_fifo
assert_eq "rusty attached $("$SCHEDCTL" status -o json | jq .scheduler.pid)" \
  "$("$SCHEDCTL" ps -o json | jq -r '.[0] | "\(.name) \(.phase) \(.pid)"')" "schedctl ps"
kill -KILL $hold
expect_state disabled 30

step "a scheduler for the life of a command"
status=0
"$SCHEDCTL" exec rusty -- sh -c 'cat /sys/kernel/sched_ext/state; exit 7' > exec.txt 2>&1 || status=$?
assert_eq 7 "$status" "the command's exit code"
assert_eq enabled "$(cat exec.txt)" "the kernel's state while it ran"
expect_state disabled 30
"$SCHEDCTL" exec rusty -- sleep 1000 > exec.txt 2>&1 & command=$!
expect_state enabled 60 schedkit_fifo
kill -KILL $command
expect_state disabled 30

step "org.scx.Loader"
assert_ok "activation by the bus" busctl --timeout=60 get-property "${loader[@]}" CurrentScheduler
assert_eq active "$(systemctl is-active scx_loader)" "scx_loader.service"
assert_eq 's "unknown"' "$(busctl get-property "${loader[@]}" CurrentScheduler)" "nothing runs"
assert_eq 'as 2 "scx_lavd" "scx_rusty"' "$(busctl get-property "${loader[@]}" SupportedSchedulers)" "supported"
assert_ok "SwitchScheduler" busctl --timeout=25 call "${loader[@]}" SwitchScheduler su scx_rusty 1
is_state enabled schedkit_fifo || fail "it answered before the kernel confirmed"
assert_eq 's "scx_rusty"' "$(busctl get-property "${loader[@]}" CurrentScheduler)" "current"
assert_eq 'u 1' "$(busctl get-property "${loader[@]}" SchedulerMode)" "mode"
busctl --timeout=25 call "${loader[@]}" SwitchScheduler su scx_flash 0 2> error.txt && fail "it switched to what is not there"
assert_contains "$(cat error.txt)" "no policy defines" "the reason"
assert_ok "RestartScheduler" busctl --timeout=25 call "${loader[@]}" RestartScheduler
is_state enabled schedkit_fifo || fail "not restarted"
assert_ok "StopScheduler" busctl --timeout=25 call "${loader[@]}" StopScheduler
is_state disabled || fail "not stopped"
assert_ok "RestoreDefault" busctl --timeout=25 call "${loader[@]}" RestoreDefault
assert_ok "stop of the unit" systemctl stop scx_loader
assert_contains "$(busctl call org.freedesktop.DBus / org.freedesktop.DBus NameHasOwner s org.scx.Loader)" false "given up"

step "the journal"
! journal | grep -iE "operation not permitted|permission denied|watchdog" || fail "the sandbox is too tight: $(journal)"
