#!/bin/bash
# schedkit beside podman with the same images in the VM: tests/vm/scenarios/podman.sh. podman and what it needs come from this machine.
set -euo pipefail
tests=$(cd "$(dirname "$0")/.." && pwd)
. "$tests/lib/common.sh"
. "$tests/lib/build.sh"
. "$tests/lib/bench.sh"
command -v podman > /dev/null || die "podman is not installed (tests/run.sh --long installs it)"

files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT
mkdir "$files/lib"
cp "$(command -v podman)" "$(command -v conmon)" "$files"
# All but the C library and its loader, which are the VM's own.
ldd "$files/podman" "$files/conmon" | sed -n 's/.* => \(\/.*\) (.*/\1/p' | sort -u | grep -vE '/lib(c|m|pthread)\.so' |
  xargs cp -Lt "$files/lib"
bench_vm podman "$files:podman"
