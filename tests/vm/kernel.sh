#!/bin/bash
# kernel.sh [--refresh]: prints the cached directory with the VM's kernel: vmlinuz, config, version.
#
# The kernel is the newest "cloud" kernel of Debian sid: it has sched_ext, and it has the disk, file system and console
# drivers built in, so that the VM needs neither initramfs nor modules. sid drops old kernels, so a cached one is kept
# until --refresh asks for a newer one.
set -euo pipefail
. "$(dirname "$0")/../lib/common.sh"
. "$(dirname "$0")/../lib/side_apt.sh"

kernels=$schedkit_cache/vm/kernel
built_in=(SCHED_CLASS_EXT BPF_SYSCALL DEBUG_INFO_BTF BLK_DEV_NVME EXT4_FS VIRTIO_CONSOLE SERIAL_8250_CONSOLE DEVTMPFS
  CGROUP_BPF SECCOMP_FILTER PROC_EVENTS MAGIC_SYSRQ)

# The first package matching PATTERN among the dependencies of PACKAGE.
dependency() {
  side_apt sid cache depends "$1" | sed -n "s/^ *Depends: \\($2\\)\$/\\1/p" | head -n 1
}

check_config() {
  local option
  for option in "${built_in[@]}"; do
    grep -q "^CONFIG_$option=y" "$1" || { warn "the kernel lacks a built-in CONFIG_$option"; return 1; }
  done
}

collect() {
  local unpacked=$1 result=$2 modules
  modules=$(echo "$unpacked"/usr/lib/modules/*)
  if [ ! -e "$modules/vmlinuz" ] || [ ! -e "$modules/config" ]; then
    warn "the kernel packages no longer hold usr/lib/modules/*/{vmlinuz,config}"
    return 1
  fi
  check_config "$modules/config" || return 1
  cp "$modules/vmlinuz" "$modules/config" "$result" && basename "$modules" > "$result/version"
}

fetch() {
  local image binary base temp result version status=0
  [ "$1" = --refresh ] || [ ! -e "$kernels/current/version" ] || return 0
  say "fetching the newest kernel with sched_ext from Debian sid (15 MB)"
  side_apt_update sid || return 1
  image=$(dependency linux-image-cloud-amd64 'linux-image-[0-9].*')
  binary=$(dependency "$image" 'linux-binary-[0-9].*')
  base=$(dependency "$image" 'linux-base-[0-9].*')
  if [ -z "$binary" ] || [ -z "$base" ]; then
    warn "cannot find the kernel's packages below linux-image-cloud-amd64 in sid (image '$image', binary '$binary', base '$base')"
    return 1
  fi
  temp=$(cache_temp)
  result=$(cache_temp)
  side_apt_unpack sid "$temp" "$binary" "$base" && collect "$temp" "$result" || status=1
  rm -rf "$temp"
  [ "$status" = 0 ] || { rm -rf "$result"; return 1; }
  version=$(cat "$result/version")
  cache_publish "$result" "$kernels/$version"
  ln -sfnT "$version" "$kernels/current.new" && mv -T "$kernels/current.new" "$kernels/current"
  say "kernel $version is in the cache"
}

case ${1:-} in '' | --refresh) ;; *) die "unknown argument '$1'; usage: kernel.sh [--refresh]" ;; esac
cache_locked vm-kernel fetch "${1:-}" || die "no kernel for the VM; connect to the network and try again"
readlink -f "$kernels/current"
