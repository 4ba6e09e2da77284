#!/bin/bash
# Fails when a source file is not as clang-format 14 would write it; prints what to run.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v clang-format-14 > /dev/null || { echo "SKIPPED: clang-format-14 is not installed"; exit 77; }
files=()
for top in core config bpf k8s cli tests; do
  [ ! -d "$top" ] || mapfile -t -O "${#files[@]}" files < <(find "$top" -name '*.h' -o -name '*.cc' -o -name '*.c')
done
clang-format-14 --dry-run -Werror "${files[@]}" || { echo "run: clang-format-14 -i on the files above"; exit 1; }
echo "${#files[@]} files are formatted"
