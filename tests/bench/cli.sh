#!/bin/bash
# What it costs to ask schedctl: tests/bench/cli.py.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_here cli "$tests/bench/cli.py" "$build_dir/plain/bin"
