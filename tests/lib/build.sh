# Configuring and building the trees that tests/run.sh and tests/demo.sh use. Sourced after common.sh.

build_dir=$schedkit_root/build

# Compilers of this project want up to 1 GB each; a machine with many cores and little memory runs fewer.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  echo $((memory < cores ? (memory > 1 ? memory : 1) : cores))
}

# build_tree NAME TARGET OPTION…: configures build/NAME (again, when the options changed) and builds TARGET.
build_tree() {
  local tree=$build_dir/$1 target=$2 launcher=() libbpf
  shift 2
  libbpf=$("$schedkit_root/tests/lib/libbpf.sh")
  if command -v ccache > /dev/null; then
    # Another checkout at another path finds the same objects.
    export CCACHE_BASEDIR=$schedkit_root CCACHE_NOHASHDIR=1
    launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  fi
  mkdir -p "$tree"
  cmake -G Ninja -S "$schedkit_root" -B "$tree" "${launcher[@]}" -DSCHEDKIT_LIBBPF_SCHEDULERS="$libbpf" "$@" > "$tree/configure.log" 2>&1 ||
    { cat "$tree/configure.log" >&2; die "configuring $tree failed"; }
  cmake --build "$tree" --target "$target" -j "$(build_jobs)" || die "building $tree failed"
}

# The programs, images, fixtures and benchmarks that run in the VM and under valgrind. Without debug information: compiling
# is most of what the tests cost. The prefix is that of packages.
build_plain() {
  build_tree plain shipped -DCMAKE_BUILD_TYPE=Release '-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG' -DSCHEDKIT_SANITIZE=OFF \
    -DCMAKE_INSTALL_PREFIX=/usr -DSCHEDKIT_TESTS=ON
}

# The tree whose tests ctest runs: everything under AddressSanitizer and UndefinedBehaviorSanitizer.
build_test() {
  build_tree test all -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-g1 -DSCHEDKIT_SANITIZE=ON -DSCHEDKIT_TESTS=ON \
    "-DSCHEDKIT_PLAIN_BUILD=$build_dir/plain"
}
