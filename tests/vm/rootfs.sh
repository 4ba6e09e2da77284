#!/bin/bash
# Prints the path of the cached disk image with the VM's root file system: Debian 12 with systemd as PID 1, a system bus,
# crun and the shared libraries of our programs. Makes it if needed: as root, with mmdebstrap, without mounting anything.
#
# A cache entry is named by what the image is made of and the week, so that it takes in Debian's updates. Without network an
# image of an earlier week serves. Programs under test are not in it: they come with the payload (see run).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/common.sh"
. "$here/../lib/side_apt.sh"

packages=(systemd-sysv dbus crun kmod procps util-linux strace jq libstdc++6 libuv1 libbpf1 libelf1 libsystemd0 libarchive13
  libssl3 libfmt9 libzstd1 zlib1g libisal2 libcurl4 libseccomp2 libdate-tz3 tzdata libre2-9 libyaml-cpp0.7)
size_mb=1024
disk_signature=5ced0001 # root=PARTUUID=5ced0001-01: NVMe disks are numbered at random

images=$schedkit_cache/vm/rootfs
recipe=$({ cat "$0" "$here/customise.sh"; echo "${packages[*]}"; } | sha256sum | cut -c 1-16)
image=$images/$recipe-$(date +%G%V)

make_tree() {
  local tree=$1 log=$2 path options=()
  for path in man doc locale info lintian bug; do options+=("--dpkgopt=path-exclude=/usr/share/$path/*"); done
  mmdebstrap --mode=root --variant=minbase --format=directory --aptopt='APT::Sandbox::User "root"' "${options[@]}" \
    --include="$(IFS=,; echo "${packages[*]}")" \
    bookworm "$tree" "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) bookworm main" > "$log" 2>&1
}

little_endian() { printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }

# A master boot record with the disk signature and one Linux partition from 1 MiB on, then the file system in it.
make_disk() {
  local tree=$1 disk=$2
  truncate -s "$((size_mb + 1))M" "$disk"
  # Offsets: signature 440, first partition entry 446 (not bootable, type 0x83, first sector, sectors), 55aa 510.
  printf "$(little_endian 0x$disk_signature)\\x00\\x00\\x00\\x00\\x00\\x00\\x83\\x00\\x00\\x00$(little_endian 2048)$(little_endian $((size_mb * 2048)))" |
    dd of="$disk" bs=1 seek=440 conv=notrunc status=none
  printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none
  mke2fs -q -F -t ext4 -O ^has_journal -m 0 -E offset=1048576 -d "$tree" "$disk" "${size_mb}M"
}

build() {
  [ ! -e "$image/root.img" ] || return 0
  [ "$(id -u)" = 0 ] || { warn "making the VM's root file system needs root"; return 1; }
  command -v mmdebstrap > /dev/null || { warn "mmdebstrap is not installed (tests/run.sh installs it)"; return 1; }
  say "making the VM's root file system from Debian 12 (about 60 MB of packages, half a minute)"
  local temp
  temp=$(cache_temp)
  if make_tree "$temp/tree" "$temp/log" && "$here/customise.sh" "$temp/tree" && mkdir "$temp/result" && make_disk "$temp/tree" "$temp/result/root.img"; then
    cache_publish "$temp/result" "$image"
    rm -rf --one-file-system "$temp"
    say "root file system $(basename "$image") is in the cache"
    find "$images" -mindepth 1 -maxdepth 1 -mtime +21 ! -path "$image" -exec rm -rf {} +
  else
    tail -n 20 "$temp/log" >&2
    rm -rf --one-file-system "$temp"
    return 1
  fi
}

if ! cache_locked vm-rootfs build; then
  image=$(find "$images" -mindepth 1 -maxdepth 1 -name "$recipe-*" 2>/dev/null | sort | tail -n 1)
  [ -n "$image" ] || die "no root file system for the VM; see above"
  warn "using the older root file system $(basename "$image")"
fi
printf '%s\n' "$image/root.img"
