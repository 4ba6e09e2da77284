# The Debian 12 packages that building and testing need. Sourced after common.sh.

packages_build=(
  g++ clang-16 llvm-16 bpftool cmake ninja-build pkg-config ccache git ca-certificates
  libuv1-dev libbpf-dev libelf-dev libsystemd-dev libarchive-dev libssl-dev libzstd-dev zlib1g-dev libisal-dev libcurl4-openssl-dev
  libseccomp-dev libtomlplusplus-dev libre2-dev libyaml-cpp-dev nlohmann-json3-dev libfmt-dev libexpected-dev libcli11-dev
  libhowardhinnant-date-dev tzdata libcpputest-dev cpputest crun procps
)
packages_test=(
  clang-14 clang-format-14 clang-tidy-14 valgrind libc6-dbg strace dbus python3-dbusmock skopeo umoci docker-registry zstd
  python3 python3-jsonschema python3-dbus jq curl apache2-utils forkstat groff-base zsh fish libxml2-utils systemd
  dpkg-dev rt-tests
)
packages_long=(
  bpfcc-tools lintian openssl podman
)
packages_fuzz=(
  libclang-rt-16-dev
)
packages_vm=(
  qemu-system-x86 mmdebstrap e2fsprogs debian-archive-keyring
)

# install_packages PACKAGE…: installs those that are missing, with one apt-get call. With nothing missing it touches neither
# network nor system and needs no root.
install_packages() {
  local missing package
  mapfile -t missing < <(
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2> /dev/null | sed -n 's/^installed //p' | sort -u |
      comm -13 - <(printf '%s\n' "$@" | sort -u)
  )
  [ "${#missing[@]}" != 0 ] || return 0
  say "installing ${#missing[@]} Debian packages: ${missing[*]}"
  [ "$(id -u)" = 0 ] || die "installing packages needs root; run this as root once, or: apt-get install ${missing[*]}"
  grep -qs '^VERSION_ID="12"' /etc/os-release || warn "this is not Debian 12; the package names may differ"
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update || warn "apt-get update failed; trying with the package lists that are there"
  apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" > /dev/null ||
    die "apt-get could not install the packages above"
  for package in "${missing[@]}"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2> /dev/null | grep -qx installed || die "package $package is still missing"
  done
}
