#!/bin/bash
# tests/demo.sh: installs what is missing (Debian 12, as root), builds schedkit and shows its main job: a policy is dropped, a
# game starts, the CPU scheduler is switched through the attach gate, the game ends, the scheduler is taken back.
#
# On a kernel with sched_ext that happens on this machine; on any other in a virtual machine (QEMU, no KVM needed: its times are
# 5 to 50 times those of hardware). The timeline is printed by tests/vm/scenarios/demo.sh.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/packages.sh"
. "$tests/lib/build.sh"

case ${1:-} in
  '') ;;
  -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
  *) die "unknown argument '$1'; see tests/demo.sh --help" ;;
esac

here=''
if [ -e /sys/kernel/sched_ext/state ]; then here=1; fi

packages=("${packages_build[@]}")
[ -n "$here" ] || packages+=("${packages_vm[@]}")
install_packages "${packages[@]}"

vm_maker=''
if [ -z "$here" ]; then
  "$tests/vm/kernel.sh" > /dev/null && "$tests/vm/rootfs.sh" > /dev/null &
  vm_maker=$!
fi
say "building build/plain"
build_plain

if [ -n "$here" ]; then
  [ "$(id -u)" = 0 ] || die "switching this machine's scheduler needs root"
  say "this kernel has sched_ext: the demo runs on this machine"
  # Image layouts are trusted where root owns every directory of the path, which a build tree need not have.
  PAYLOAD=$(mktemp -d /var/lib/schedkit-demo.XXXXXX)
  trap 'rm -rf "$PAYLOAD"' EXIT
  chmod 755 "$PAYLOAD"
  cp -r --no-preserve=ownership "$build_dir/plain/images" "$tests/vm/guest.sh" "$PAYLOAD"
  export PATH=$build_dir/plain/bin:$PATH PAYLOAD RESULTS=$PAYLOAD
  bash "$tests/vm/scenarios/demo.sh"
else
  wait "$vm_maker" || die "the VM could not be prepared; see above"
  say "this kernel has no sched_ext: the demo runs in a virtual machine (booting takes 10 to 20 s)"
  "$tests/vm/run" "$tests/vm/scenarios/demo.sh" "$build_dir/plain/bin:bin" "$build_dir/plain/images:images"
fi
