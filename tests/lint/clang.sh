#!/bin/bash
# clang.sh BUILD [--tidy]: every C++ file of the build tree BUILD through clang 14 (g++ builds it), warnings as errors; with
# --tidy the checks of .clang-tidy as well, which take ten times as long.
set -euo pipefail
build=$1 tidy=${2:-}
for tool in clang++-14 clang-tidy-14 jq; do
  command -v $tool > /dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
commands=$build/compile_commands.json
list() { jq -r '.[] | select(.file | endswith(".cc")) | .file' "$commands" | sort -u; }

if [ -n "$tidy" ]; then
  list | xargs -P "$(nproc)" -n 4 clang-tidy-14 --quiet -p "$build"
  exit
fi

# The build's own command with another compiler, less what only g++ or the linker knows.
jq -r '.[] | select(.file | endswith(".cc")) | [.directory, .command] | @tsv' "$commands" |
  sed -E 's/\t([^ ]*ccache )?[^ ]*(c\+\+|g\+\+)[^ ]* /\tclang++-14 /; s/ -Wno-restrict//; s/ -fsanitize=[^ ]*//g; s/ -fno-sanitize-recover=[^ ]*//; s/ -o [^ ]+ -c / -fsyntax-only /' \
  > "$build/clang-commands"
tr '\n' '\0' < "$build/clang-commands" | xargs -0 -P "$(nproc)" -n 1 bash -c 'cd "${0%%	*}" && eval "${0#*	}"'
echo "$(wc -l < "$build/clang-commands") files compile with clang"
