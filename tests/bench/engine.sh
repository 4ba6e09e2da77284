#!/bin/bash
# What 10 to 4,096 rules cost to read, to reload and per event: tests/bench/engine.cc.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_here engine "$build_dir/plain/bin/bench_engine"
