# The programs of a test cluster, sourced after tests/lib/common.sh: cluster_programs brings them into the cache and sets
# cluster_bin, a directory with apiserver (apiserver/*.go), etcd and kubectl.
#
# All is Debian sid's: the Go compiler and 82 packages of Go source are fetched (80 MB), the server is built from them (4 minutes on
# two cores, 4 GB of disk meanwhile), and three programs are kept (150 MB). With them in the cache no network is needed.
. "$schedkit_root/tests/lib/side_apt.sh"

cluster_sources=$schedkit_root/tests/cluster/apiserver
# Named by what they are made of.
cluster_bin=$schedkit_cache/cluster/$(cat "$cluster_sources"/*.go "$cluster_sources/packages.txt" | sha256sum | cut -c 1-16)

# cluster_build ROOT OUT: the server, with the unpacked packages below ROOT.
cluster_build() {
  local root=$1 out=$2 goroot
  goroot=$(echo "$root"/usr/lib/go-1.*)
  mkdir -p "$root/path/src/apiserver" "$root/library"
  ln -sfn "$root/usr/share/gocode/src" "$root/library/src"
  cp "$cluster_sources"/*.go "$root/path/src/apiserver/"
  (
    cd "$root/path/src/apiserver"
    flags='-s -w -X k8s.io/component-base/version.gitVersion=v1.36.0'
    env GOROOT="$goroot" GOPATH="$root/path:$root/library" GOCACHE="$root/cache" GO111MODULE=off GOTOOLCHAIN=local GOPROXY=off \
      GOFLAGS='' CGO_ENABLED=0 nice "$goroot/bin/go" build -ldflags "$flags" -o "$out" .
  )
}

cluster_make() {
  local temp root go packages
  [ ! -d "$cluster_bin" ] || return 0
  say "building an API server from Debian's packages (4 minutes)"
  side_apt_update sid || return 1
  go=$(side_apt sid cache depends golang-go | sed -n 's/^ *Depends: \(golang-1\.[0-9]*-go\)$/\1/p')
  mapfile -t packages < "$cluster_sources/packages.txt"
  temp=$(cache_temp)
  root=$temp/root
  mkdir "$temp/keep"
  if side_apt_unpack sid "$root" "$go" "${go%-go}-src" etcd-server kubectl "${packages[@]}" &&
    cluster_build "$root" "$temp/keep/apiserver"; then
    cp "$root/usr/bin/etcd" "$root/usr/bin/kubectl" "$temp/keep/"
    cache_publish "$temp/keep" "$cluster_bin"
    # Those of other sources, when nobody has used them for a week.
    find "$schedkit_cache/cluster" -mindepth 1 -maxdepth 1 -type d -mtime +7 -exec rm -rf {} +
    chmod -R u+w "$temp" && rm -rf "$temp"
  else
    chmod -R u+w "$temp" && rm -rf "$temp"
    return 1
  fi
}

# Fails, having said why, when they cannot be had.
cluster_programs() {
  [ -d "$cluster_bin" ] || cache_locked cluster cluster_make || return
  touch "$cluster_bin"
}
