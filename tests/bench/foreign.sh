#!/bin/bash
# How soon schedkitd tells of a foreign scheduler, in the VM: tests/bench/foreign.cc.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
bench_vm foreign
