#!/bin/bash
# long.sh [SECONDS] [TARGET…]: each fuzz target under libFuzzer with AddressSanitizer for SECONDS of CPU time (600), beginning with its
# corpus; new findings stay in build/fuzz/found/TARGET. Fails at the first crash, whose input it names. Run by tests/run.sh --long.
#
# Wants clang-16 and libclang-rt-16-dev.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"

seconds=${1:-600}
shift || :
targets=("$@")
[ "${#targets[@]}" != 0 ] || for corpus in "$tests"/fuzz/corpus/*/; do targets+=("$(basename "$corpus")"); done
results=${SCHEDKIT_RESULTS:-$build_dir/results}
mkdir -p "$results"

for target in "${targets[@]}"; do
  build_tree fuzz "${target}_fuzz" -DCMAKE_BUILD_TYPE=Release '-DCMAKE_CXX_FLAGS_RELEASE=-O1 -g1' -DCMAKE_C_COMPILER=clang-16 \
    -DCMAKE_CXX_COMPILER=clang++-16 -DSCHEDKIT_SANITIZE=ON -DSCHEDKIT_FUZZERS=ON -DSCHEDKIT_WERROR=OFF
done
[ ! -d /dev/shm ] || export TMPDIR=/dev/shm # tar makes and removes a tree for each input
: > "$results/fuzz.txt"
for target in "${targets[@]}"; do
  found=$build_dir/fuzz/found/$target
  program=$(find "$build_dir/fuzz/tests/fuzz" -name "${target}_fuzz" -type f -perm -u+x)
  mkdir -p "$found"
  # One process: its time is CPU time but for what others take. -max_total_time counts the wall clock, so it is asked for again
  # until enough CPU time was spent.
  spent=0 inputs=0
  while [ "$spent" -lt "$seconds" ]; do
    before=$(awk '{ print int(($16 + $17) / 100) }' /proc/$$/stat)
    "$program" -max_total_time=$((seconds - spent)) -rss_limit_mb=2048 -timeout=25 -print_final_stats=1 \
      -artifact_prefix="$found/crash-" "$found" "$tests/fuzz/corpus/$target" 2> "$build_dir/fuzz/$target.log" ||
      { tail -n 40 "$build_dir/fuzz/$target.log"; die "$target: see $found and $build_dir/fuzz/$target.log"; }
    after=$(awk '{ print int(($16 + $17) / 100) }' /proc/$$/stat)
    spent=$((spent + (after > before ? after - before : 1)))
    inputs=$((inputs + $(sed -n 's/^stat::number_of_executed_units: *//p' "$build_dir/fuzz/$target.log")))
  done
  echo "fuzz $target: $inputs inputs in $spent s of CPU time, no finding" | tee -a "$results/fuzz.txt"
done
