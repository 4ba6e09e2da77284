#!/bin/bash
# The time without a scheduler, through the gate and stop-first, in the VM: tests/bench/handover.cc.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_vm handover
