#!/bin/bash
# What schedkitd adds to a switch, in the VM: tests/bench/switch.cc.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_vm switch
