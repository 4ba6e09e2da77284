#!/bin/bash
# Pulling against skopeo and umoci and a shell pipeline, from Debian's docker-registry on this machine: tests/bench/pull.py. As root.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_here pull "$tests/bench/pull.py" "$build_dir/plain/bin"
