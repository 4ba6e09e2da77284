#!/bin/bash
# tests/run.sh [--long] [--only REGEX] [--no-vm]: installs what is missing (Debian 12, as root), builds and tests schedkit.
#
#   --only REGEX   only the ctests whose name matches
#   --no-vm        without the tests that boot a virtual machine
#   --long         the full counts, the tests on a Kubernetes API server (tests/cluster), the benchmarks (tests/bench/*.sh) and the fuzzers (tests/fuzz/long.sh); writes docs/proof.md
#
# Without --long: every test once, at most 30 minutes on 2 cores from nothing. Ends with ctest's summary and status.
# build/plain holds the programs as they are shipped (for VM, valgrind, benchmarks), build/test the same with sanitizers.
# What is fetched goes to ~/.cache/schedkit; with it there and the packages installed, everything works without network.
#
# Environment: SCHEDKIT_SEED seeds what tests draw at random (default: the date, so that a day's runs agree). The tests see it,
# SCHEDKIT_LONG=1 with --long, and SCHEDKIT_RESULTS, the directory in which each benchmark writes its lines to NAME.txt.
set -euo pipefail
tests=$(cd "$(dirname "$0")" && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/packages.sh"
. "$tests/lib/build.sh"
. "$tests/lib/proof.sh"

long='' vm=1 selection=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    --long) long=1 ;;
    --no-vm) vm='' ;;
    --only) [ $# -ge 2 ] || die "--only needs a regular expression"; selection+=(-R "$2"); shift ;;
    *) die "unknown argument '$1'; see tests/run.sh --help" ;;
  esac
  shift
done
left_out=()
[ -n "$vm" ] || left_out+=(vm)
[ -n "$long" ] || left_out+=(cluster)
[ "${#left_out[@]}" = 0 ] || selection+=(-LE "^($(IFS='|'; echo "${left_out[*]}"))\$")

results=$build_dir/results
vm_log=$build_dir/vm-image.log
mkdir -p "$results"
export SCHEDKIT_SEED=${SCHEDKIT_SEED:-$(date +%Y%m%d)} SCHEDKIT_LONG=$long SCHEDKIT_RESULTS=$results
# Here a missing VM fails its tests; whoever wants to do without says --no-vm.
export SCHEDKIT_VM_REQUIRED=1

times=()
phase() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@"
  times+=("$(printf '%4d s  %s' $((SECONDS - start)) "$name")")
}

install() {
  local packages=("${packages_build[@]}" "${packages_test[@]}")
  [ -z "$vm" ] || packages+=("${packages_vm[@]}")
  [ -z "$long" ] || packages+=("${packages_long[@]}")
  install_packages "${packages[@]}"
}

vm_maker=
prepare_vm() { "$tests/vm/kernel.sh" && "$tests/vm/rootfs.sh"; }
join_vm() {
  wait "$vm_maker" || warn "the VM could not be prepared; its tests will fail"
  grep -v "^$schedkit_cache" "$vm_log" >&2 || :
}

# Runs ctest with its output kept; the status is ctest's.
run_ctest() {
  ctest --test-dir "$build_dir/test" -j "$(nproc)" --output-on-failure --no-tests=error "${selection[@]}" 2>&1 | tee "$build_dir/ctest.log"
}

run_fuzzers() {
  install_packages "${packages_fuzz[@]}"
  "$tests/fuzz/long.sh" 600
}

run_benchmarks() {
  local bench
  for bench in "$tests"/bench/*.sh; do
    [ -x "$bench" ] || continue
    say "benchmark $(basename "$bench")"
    "$bench" || benchmarks_failed+=" $(basename "$bench")"
  done
}

[ -z "$long" ] || rm -f "$results"/*.txt
phase "installing packages (only what is missing)" install
if [ -n "$vm" ]; then
  prepare_vm > "$vm_log" 2>&1 &
  vm_maker=$!
fi
phase "building build/plain (as shipped)" build_plain
phase "building build/test (with sanitizers)" build_test
[ -z "$vm" ] || phase "kernel and root file system of the VM (made beside the build)" join_vm

say "time so far:"
printf '   %s\n' "${times[@]}" >&2
say "testing, seed $SCHEDKIT_SEED"
status=0
run_ctest || status=$?

if [ -n "$long" ]; then
  benchmarks_failed=''
  run_benchmarks
  failed='' fuzzed=0
  say "fuzzing, 10 minutes of CPU time for each target"
  run_fuzzers || fuzzed=$?
  [ "$status" = 0 ] || failed="ctest ended with status $status"
  [ -z "$benchmarks_failed" ] || { failed+="${failed:+; }failed benchmarks:$benchmarks_failed"; status=1; }
  [ "$fuzzed" = 0 ] || { failed+="${failed:+; }the fuzzers found something"; status=1; }
  proof_write "$build_dir/ctest.log" "$results" "$failed"
fi
exit "$status"
