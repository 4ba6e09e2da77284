#!/bin/bash
# schedkitd with nothing to do: 60 s without a wake-up, and its memory, in the VM: tests/vm/scenarios/idle.sh.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_vm idle
