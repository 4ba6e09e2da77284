# The Debian packages as dpkg installs, upgrades, removes and purges them, with a scheduler attached.
. "$PAYLOAD/guest.sh"
packages=$PAYLOAD/packages
ls "$packages"/schedkit_*.deb > /dev/null 2>&1 || { say "skipped: packages/build made none"; exit 77; }
export DEBIAN_FRONTEND=noninteractive
SCHEDCTL=/usr/bin/schedctl
journal() { journalctl -u schedkitd --no-pager -o cat; }
settings=/etc/schedkit/schedkit.toml

step "install"
assert_ok "dpkg -i schedkit" dpkg -i "$packages"/schedkit_*.deb
assert_eq active "$(systemctl is-active schedkitd)" "schedkitd.service"
assert_eq enabled "$(systemctl is-enabled schedkitd)" "schedkitd.service"
grep -q '^schedkit-sked:' /etc/group || fail "no group schedkit-sked"
assert_eq "$(dpkg-query -W -f '${Version}' schedkit)" "$("$SCHEDCTL" version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1)" "version"
printf '[schedulers.fifo]\nimage = "oci:/usr/lib/schedkit/images:schedkit_fifo"\n' > /etc/schedkit/mine.toml
assert_ok "reload" systemctl reload schedkitd
assert_ok "run" "$SCHEDCTL" run fifo
expect_state enabled 5 schedkit_fifo
assert_contains "$(journalctl -u schedkitd --no-pager -x SCHEDKIT_SCHEDULER=fifo)" "The CPU scheduler is fifo" "the catalog"

step "schedkit-scx-loader"
assert_ok "dpkg -i schedkit-scx-loader" dpkg -i "$packages"/schedkit-scx-loader_*.deb
assert_eq active "$(systemctl is-active scx_loader)" "scx_loader.service"
assert_eq enabled "$(systemctl is-enabled scx_loader)" "scx_loader.service"

step "what scx_loader is configured with"
policy=/run/schedkit/policies/scx-loader.toml
[ ! -e $policy ] || fail "there is $policy already"
printf '{"scx_vtime": {"imageURI": "oci:/usr/lib/schedkit/images:schedkit_vtime"}}' > /etc/schedkit/catalog.json
"$SCHEDCTL" auto > /dev/null
expect_state disabled 10
printf 'default_sched = "scx_vtime"\ndefault_mode = "Auto"\n[scheds.scx_vtime]\nauto_mode = []\n' > scx_loader.toml
assert_ok "cp" cp scx_loader.toml /etc/scx_loader.toml # as scx-manager does
expect_state enabled 20 schedkit_vtime
seq=$(scx_enable_seq)
assert_ok "restart" systemctl restart schedkitd
expect_status .scheduler.name scx_vtime 30
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq after a restart of schedkitd"
assert_eq active "$(systemctl is-active scx_loader)" "scx_loader.service after it"
rm /etc/scx_loader.toml
expect_state disabled 20
cp scx_loader.toml /etc/scx_loader.toml
expect_state enabled 20 schedkit_vtime
assert_ok "stop" systemctl stop scx_loader
expect_state disabled 20
[ ! -e $policy ] || fail "$policy is still there"
rm /etc/scx_loader.toml /etc/schedkit/catalog.json
assert_ok "start" systemctl start scx_loader
assert_ok "run" "$SCHEDCTL" run fifo
expect_state enabled 10 schedkit_fifo

step "an upgrade leaves the scheduler, and changed settings"
echo 'default = "kernel"' >> $settings
seq=$(scx_enable_seq)
owner=$(status .scheduler.pid)
daemon=$(systemctl show -p MainPID --value schedkitd)
assert_ok "dpkg -i, newer" dpkg -i "$packages"/newer/*.deb
[ "$(systemctl show -p MainPID --value schedkitd)" != "$daemon" ] || fail "the old daemon still runs"
expect_status .scheduler.pid "$owner" 30
is_state enabled schedkit_fifo || fail "the upgrade cost the scheduler"
assert_eq "$seq" "$(scx_enable_seq)" "enable_seq after the upgrade"
assert_eq active "$(systemctl is-active scx_loader)" "scx_loader.service"
assert_eq 'default = "kernel"' "$(tail -n 1 $settings)" "the administrator's settings"

step "an administrator's choice outlives an upgrade"
assert_ok "disable" systemctl disable --quiet scx_loader
assert_ok "dpkg -i again" dpkg -i "$packages"/newer/schedkit-scx-loader.deb
assert_eq disabled "$(systemctl is-enabled scx_loader)" "scx_loader.service"
is_state enabled schedkit_fifo || fail "another package cost the scheduler"

step "remove"
assert_ok "dpkg -r" dpkg -r schedkit-scx-loader schedkit
expect_state disabled 30
[ -e "/proc/$owner" ] && fail "the scheduler's process is still there"
[ -e $settings ] || fail "a removal took the settings"
[ ! -e /run/schedkit ] || fail "/run/schedkit is still there: $(find /run/schedkit)"

step "purge"
assert_ok "dpkg -P" dpkg -P schedkit-scx-loader schedkit
for path in /etc/schedkit /var/lib/schedkit /run/schedkit; do [ ! -e $path ] || fail "$path is still there"; done
left=$(find /etc/systemd /var/lib/systemd/deb-systemd-helper-* -name '*schedkitd*' -o -name 'schedkit.*' -o -name '*scx_loader*' 2> /dev/null)
[ -z "$left" ] || fail "left: $left"
! dpkg-query -W schedkit schedkit-scx-loader 2> /dev/null | grep . || fail "dpkg still knows them"

[ -n "${SCHEDKIT_LONG:-}" ] || exit 0
step "install again, after all that"
assert_ok "dpkg -i" dpkg -i "$packages"/schedkit_*.deb
assert_eq active "$(systemctl is-active schedkitd)" "schedkitd.service"
