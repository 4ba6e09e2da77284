# For tests/bench/*.sh: each runs one benchmark with its full counts on build/plain (tests/run.sh builds it) and writes its
# lines to $SCHEDKIT_RESULTS/NAME.txt (build/results). Sourced after common.sh and build.sh.

bench_results=${SCHEDKIT_RESULTS:-$build_dir/results}
mkdir -p "$bench_results"

# bench_here NAME COMMAND…: on this machine.
bench_here() {
  local name=$1
  shift
  "$@" 2>&1 | tee "$bench_results/$name.txt"
}

# bench_vm NAME [FILE:DEST…]: tests/vm/scenarios/NAME.sh with more files for the VM, which leaves the lines in $RESULTS/NAME.txt. A run
# that fails may have left some.
bench_vm() {
  local name=$1 out=$build_dir/bench/$1 status=0
  shift
  SCHEDKIT_LONG=1 "$schedkit_root/tests/vm/run" --timeout 2400 --silence 300 --out "$out" "$schedkit_root/tests/vm/scenarios/$name.sh" \
    "$build_dir/plain/bin:bin" "$build_dir/plain/images:images" "$@" || status=$?
  [ ! -e "$out/results/$name.txt" ] || cp "$out/results/$name.txt" "$bench_results/$name.txt"
  return "$status"
}
