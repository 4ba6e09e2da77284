# Packages from another Debian suite through apt's own client, with apt state of its own: the system's package lists,
# sources and installed packages are neither read nor changed. Needs no root. Sourced after common.sh.
#
# The mirror is the one this machine uses for Debian; http://deb.debian.org/debian if none is configured.

# The base address of the Debian archive in the machine's apt sources (both file formats).
debian_mirror() {
  local uri
  uri=$(
    {
      cat /etc/apt/sources.list.d/*.sources 2>/dev/null | sed -n 's/^URIs:[[:space:]]*//p' | tr ' ' '\n'
      cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE 's/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p'
    } | grep -E '^https?://.*/debian/?$' | head -n 1
  ) || true
  printf '%s\n' "${uri:-http://deb.debian.org/debian}"
}

# side_apt SUITE get|cache ARGUMENT…: apt-get or apt-cache against SUITE/main.
side_apt() {
  local suite=$1 tool=$2 state=$schedkit_cache/apt/$1
  shift 2
  mkdir -p "$state/state/lists/partial" "$state/cache/archives/partial"
  [ -e "$state/status" ] || : > "$state/status"
  printf 'deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$(debian_mirror)" "$suite" > "$state/sources.list"
  "apt-$tool" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o Dir::State="$state/state" -o Dir::State::status="$state/status" \
    -o Dir::Cache="$state/cache" -o APT::Architecture=amd64 -o APT::Architectures=amd64 -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled=false \
    -o Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled=false \
    -o Acquire::IndexTargets::deb::DEP-11-icons-hidpi::DefaultEnabled=false "$@"
}

# side_apt_update SUITE: fetches the package lists, signatures checked by apt.
side_apt_update() {
  side_apt "$1" get -qq --error-on=any update || {
    warn "could not fetch the package lists of Debian $1 from $(debian_mirror); is the network there?"
    return 1
  }
}

# side_apt_unpack SUITE DIRECTORY PACKAGE…: downloads the packages and unpacks their files into DIRECTORY.
side_apt_unpack() {
  local suite=$1 into=$2 debs package status=0
  shift 2
  debs=$(mktemp -d)
  (cd "$debs" && side_apt "$suite" get -qq download "$@") || status=1
  for package in "$debs"/*.deb; do
    [ "$status" != 0 ] || dpkg -x "$package" "$into" || status=1
  done
  rm -rf "$debs"
  [ "$status" = 0 ] || warn "could not get $* from Debian $suite"
  return "$status"
}
