#!/bin/bash
# build.sh TREE OUT: makes the Debian packages of the build tree TREE into OUT, as `cpack` does it, and looks at them: what is in
# which, what they need, lintian. OUT also gets schedkit and schedkit-scx-loader once more with a higher version, for an upgrade.
set -u
tree=$1
out=$2
failures=0
complain() { echo "FAIL: $*"; failures=$((failures + 1)); }
skip() { echo "skipped: $*"; exit 77; }
mkdir -p "$out" && rm -f "$out"/*.deb "$out"/newer/*.deb
for program in dpkg-deb dpkg-shlibdeps; do command -v $program > /dev/null || skip "there is no $program here"; done
grep -q '^CMAKE_INSTALL_PREFIX:PATH=/usr$' "$tree/CMakeCache.txt" 2> /dev/null ||
  skip "$tree is not configured with CMAKE_INSTALL_PREFIX=/usr (tests/run.sh does)"
[ -x "$tree/bin/schedkit-guard" ] || skip "$tree has no schedkit-guard: it was configured without libbpf for the schedulers"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$tree" && cpack -G DEB -B "$work/packages") > "$work/log" 2>&1 || { cat "$work/log"; complain "cpack"; exit 1; }
cp "$work"/packages/*.deb "$out"

# has PACKAGE PATH…: the package has exactly these, besides directories and what Debian wants of each.
contents() { dpkg-deb -c "$out/$1"_*.deb | awk '{ print substr($6, 2) }'; }
has() {
  local package=$1 path
  shift
  contents "$package" > "$work/contents"
  for path; do grep -qxF "$path" "$work/contents" || complain "$package lacks $path"; done
  for path in changelog.gz copyright; do
    grep -qxF "/usr/share/doc/$package/$path" "$work/contents" || complain "$package lacks its $path"
  done
}
has schedkit /etc/schedkit/schedkit.toml /usr/sbin/schedkitd /usr/bin/schedctl /usr/libexec/schedkit/schedctl-image \
  /usr/libexec/schedkit/schedkit-guard /usr/lib/schedkit/images/index.json /usr/share/schedkit/trusted_root.json \
  /usr/lib/systemd/system/schedkitd.service /usr/share/man/man1/schedctl.1.gz /usr/share/man/man8/schedkitd.8.gz \
  /usr/share/polkit-1/actions/io.schedkit.policy /usr/share/doc/schedkit/examples/policies/gaming.toml
has schedkit-scx-loader /usr/lib/systemd/system/scx_loader{.service,-config.service,-config.path} /usr/share/dbus-1/system.d/org.scx.Loader.conf
has schedkit-sked /usr/bin/sked /usr/bin/kubectl-sked /usr/share/man/man8/sked.8.gz
has schedkit-dev /usr/share/dbus-1/interfaces/io.schedkit.Manager1.xml
for package in schedkit schedkit-scx-loader schedkit-sked schedkit-dev; do contents $package | grep -v '/$'; done |
  sort | uniq -d > "$work/twice"
[ ! -s "$work/twice" ] || complain "in two packages: $(cat "$work/twice")"

# What other distributions get: the same files, without Debian's own.
DESTDIR=$work/all cmake --install "$tree" > "$work/log" 2>&1 || complain "cmake --install: $(cat "$work/log")"
(cd "$work/all" && find . ! -type d | cut -c 2- | sort) > "$work/installed"
for package in schedkit schedkit-scx-loader schedkit-sked schedkit-dev; do contents $package | grep -v '/$'; done |
  grep -vE '^/usr/share/(lintian/|doc/[^/]*/(copyright|changelog.gz)$)' | sed -E 's#(/man/.*)\.gz$#\1#' | sort > "$work/packaged"
diff "$work/installed" "$work/packaged" || complain "cmake --install and the packages differ"

# field PACKAGE FIELD PATTERN
field() {
  local value
  value=$(dpkg-deb -f "$out/$1"_*.deb "$2")
  [[ $value == $3 ]] || complain "$1: $2 is \"$value\", not $3"
}
field schedkit Depends '*crun*libc6*libuv1*'
field schedkit-scx-loader Depends 'schedkit (= *), dbus'
for name in Provides Conflicts Replaces; do field schedkit-scx-loader $name scx-loader; done
[ "$(dpkg-deb -I "$out"/schedkit_*.deb conffiles)" = /etc/schedkit/schedkit.toml ] || complain "conffiles"
for package in schedkit schedkit-scx-loader; do
  for script in postinst prerm postrm; do
    dpkg-deb -I "$out/$package"_*.deb $script > "$work/$script" && sh -n "$work/$script" || complain "$package: $script"
  done
done
if command -v lintian > /dev/null; then
  lintian --allow-root --fail-on error "$out"/*.deb || complain "lintian"
fi

mkdir -p "$out/newer"
for package in schedkit schedkit-scx-loader; do
  dpkg-deb -R "$out/$package"_*.deb "$work/$package" &&
    sed -i -E 's/^(Version: .*)/\1+newer/; /^Depends/ s/schedkit \(= ([^)]*)\)/schedkit (= \1+newer)/' "$work/$package/DEBIAN/control" &&
    dpkg-deb -Znone --root-owner-group -b "$work/$package" "$out/newer/$package.deb" > /dev/null || complain "a newer $package"
done
[ "$failures" = 0 ]
