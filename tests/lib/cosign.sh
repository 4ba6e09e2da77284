# cosign of Debian, sourced after common.sh: fetch_cosigns brings both into the cache and sets cosign3 (sid) and cosign2 (trixie).
. "$schedkit_root/tests/lib/side_apt.sh"

# fetch_cosign SUITE: its cosign into the cache.
fetch_cosign() {
  local suite=$1 temp
  [ ! -x "$schedkit_cache/cosign-$suite/usr/bin/cosign" ] || return 0
  temp=$(cache_temp)
  side_apt_update "$suite" > /dev/null 2>&1 && side_apt_unpack "$suite" "$temp" cosign || { rm -rf "$temp"; return 1; }
  cache_publish "$temp" "$schedkit_cache/cosign-$suite"
}

fetch_cosigns() {
  local suite
  for suite in sid trixie; do
    cache_locked "cosign-$suite" fetch_cosign "$suite" || return
  done
  cosign3=$schedkit_cache/cosign-sid/usr/bin/cosign
  cosign2=$schedkit_cache/cosign-trixie/usr/bin/cosign
}
