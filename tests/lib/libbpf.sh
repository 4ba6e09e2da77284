#!/bin/bash
# Prints the prefix of a static libbpf that can load sched_ext schedulers (PREFIX/usr/include,
# PREFIX/usr/lib/x86_64-linux-gnu/libbpf.a); fetches it into the cache if it is not there yet.
#
# Debian 12's own libbpf 1.1 does not know struct_ops links. The one of bookworm-backports does, and links on Debian 12.
set -euo pipefail
. "$(dirname "$0")/common.sh"
. "$(dirname "$0")/side_apt.sh"

minimum=1.4
prefix=$schedkit_cache/libbpf-static

fetch() {
  [ ! -e "$prefix/version" ] || return 0
  local temp version
  say "fetching libbpf-dev from bookworm-backports (0.6 MB)"
  side_apt_update bookworm-backports || return 1
  version=$(side_apt bookworm-backports cache policy libbpf-dev | sed -n 's/^ *Candidate: //p')
  dpkg --compare-versions "${version#*:}" ge "$minimum" || { warn "backports has libbpf $version, needed: >= $minimum"; return 1; }
  temp=$(cache_temp)
  if side_apt_unpack bookworm-backports "$temp" "libbpf-dev=$version" && [ -e "$temp/usr/lib/x86_64-linux-gnu/libbpf.a" ]; then
    printf '%s\n' "$version" > "$temp/version"
    cache_publish "$temp" "$prefix"
  else
    rm -rf "$temp"
    return 1
  fi
}

cache_locked libbpf fetch || die "no static libbpf: the schedulers cannot be built; connect to the network and try again"
printf '%s\n' "$prefix"
