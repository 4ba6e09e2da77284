# Shared by the scripts below tests/: messages, the cache directory, atomic publishing. Sourced, bash.
#
# The cache is ${XDG_CACHE_HOME:-~/.cache}/schedkit and holds only what can be fetched or built again.
# A directory in it is either complete or absent: it is made beside its place and renamed into it.

schedkit_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
schedkit_cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/schedkit

say() { printf '== %s\n' "$*" >&2; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# cache_locked NAME COMMAND…: runs COMMAND while holding the cache's lock NAME, so that two runs make a thing once.
cache_locked() {
  local name=$1 lock status=0
  shift
  mkdir -p "$schedkit_cache/locks"
  exec {lock}> "$schedkit_cache/locks/$name"
  flock -n "$lock" || { say "waiting for another run that is making $name"; flock "$lock"; }
  "$@" || status=$?
  exec {lock}>&-
  return "$status"
}

# cache_publish TEMP FINAL: renames the complete directory TEMP to FINAL, replacing an older one.
cache_publish() {
  chmod 755 "$1"
  mkdir -p "$(dirname "$2")"
  [ ! -e "$2" ] || mv -T "$2" "$1.old"
  mv -T "$1" "$2"
  rm -rf "$1.old"
}

# cache_temp: prints a new empty directory on the cache's file system; the caller removes it when it fails. What a killed run
# left behind goes after a day.
cache_temp() {
  mkdir -p "$schedkit_cache/tmp"
  find "$schedkit_cache/tmp" -mindepth 1 -maxdepth 1 -mtime +0 -exec rm -rf --one-file-system {} +
  mktemp -d "$schedkit_cache/tmp/XXXXXXXX"
}
