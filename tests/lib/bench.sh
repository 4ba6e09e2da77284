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

# bench_vm NAME: tests/vm/scenarios/NAME.sh, which leaves the lines in $RESULTS/NAME.txt. A run that fails may have left some.
bench_vm() {
  local out=$build_dir/bench/$1 status=0
  SCHEDKIT_LONG=1 "$schedkit_root/tests/vm/run" --timeout 1200 --out "$out" "$schedkit_root/tests/vm/scenarios/$1.sh" \
    "$build_dir/plain/bin:bin" "$build_dir/plain/images:images" || status=$?
  [ ! -e "$out/results/$1.txt" ] || cp "$out/results/$1.txt" "$bench_results/$1.txt"
  return "$status"
}
