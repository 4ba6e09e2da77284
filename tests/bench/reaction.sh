#!/bin/bash
# From exec to the daemon's decision, and a storm of execs that match nothing, on this machine: tests/bench/reaction.cc. As root.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_here reaction "$build_dir/plain/bin/bench_reaction" --latency 5000 --storm 20000
