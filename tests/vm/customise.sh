#!/bin/bash
# customise.sh TREE: turns a fresh Debian tree into the VM's root file system (called by rootfs.sh, when
# nothing is mounted in it any more).
#
# Emulated, systemd's usual boot takes 15 s; with only the units kept below it takes about 5 s. Nothing is removed that a
# program under test could meet: journal, D-Bus, cgroups and transient units work.
set -euo pipefail
tree=$1
units=$tree/etc/systemd/system

# What stays of the targets' dependencies; all else that they pull in is masked.
keep=(systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket dbus.service dbus.socket
  sys-kernel-debug.mount sys-kernel-tracing.mount)

mask() { ln -sfn /dev/null "$1"; }

for wanted in "$tree"/{usr/lib,etc}/systemd/system/{sysinit,basic,local-fs,sockets,timers,paths,multi-user,graphical}.target.wants/*; do
  [ -L "$wanted" ] || continue
  unit=$(basename "$wanted")
  [[ " ${keep[*]} " == *" $unit "* ]] || mask "$units/$unit"
done
for unit in getty.target swap.target remote-fs.target systemd-logind.service systemd-tmpfiles-setup.service \
  systemd-user-sessions.service systemd-update-utmp-runlevel.service systemd-remount-fs.service; do
  mask "$units/$unit"
done
mkdir -p "$tree/etc/systemd/system-generators"
for generator in "$tree"/usr/lib/systemd/system-generators/*; do
  mask "$tree/etc/systemd/system-generators/$(basename "$generator")"
done
ln -sfn /usr/lib/systemd/system/multi-user.target "$units/default.target"

echo schedkit-vm > "$tree/etc/hostname"
echo 0123456789abcdef0123456789abcdef > "$tree/etc/machine-id"
: > "$tree/etc/fstab"
mkdir -p "$tree/etc/systemd/system.conf.d" "$tree/etc/systemd/journald.conf.d" "$units/multi-user.target.wants"
printf '[Manager]\nShowStatus=no\nDefaultTimeoutStopSec=10s\n' > "$tree/etc/systemd/system.conf.d/vm.conf"
printf '[Journal]\nStorage=volatile\n' > "$tree/etc/systemd/journald.conf.d/vm.conf"

cat > "$units/schedkit-vm.service" <<'UNIT'
[Unit]
Description=schedkit test scenario
Wants=dbus.socket
After=dbus.socket basic.target
[Service]
Type=exec
ExecStart=/usr/local/sbin/schedkit-vm
UNIT
ln -sfn ../schedkit-vm.service "$units/multi-user.target.wants/schedkit-vm.service"

# The payload is a tar on the disk with the serial "payload"; what to do with it is in the payload itself (guest-init).
cat > "$tree/usr/local/sbin/schedkit-vm" <<'SCRIPT'
#!/bin/bash
for serial in /sys/class/nvme/nvme*/serial; do
  read -r name < "$serial"
  disk=/dev/$(basename "$(dirname "$serial")")n1
  [ "$name" = payload ] && mkdir -p /payload && tar -xf "$disk" -C /payload && exec /payload/.harness/guest-init
done
echo "no payload disk" > /dev/hvc0
systemctl poweroff --force --force
SCRIPT
chmod 755 "$tree/usr/local/sbin/schedkit-vm"

rm -rf --one-file-system "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/var/log/* "$tree"/dev/* "$tree"/tmp/*
