#!/bin/bash
# modules.sh ROOT [--update]: the table of modules in docs/architecture.md, between its two comments, is what the #include lines say.
set -euo pipefail
cd "$1"
page=docs/architecture.md
table() {
  printf '| module | uses |\n|---|---|\n'
  find core/* config bpf k8s cli -maxdepth 0 -type d | while read -r module; do
    uses=$(find "$module" -name '*.h' -o -name '*.cc' -o -name '*.c' | xargs sed -nE 's,^#include "(core/[a-z]+|config|bpf|k8s|cli)/.*,\1,p' |
      sort -u | { grep -vx "$module" || :; } | sed 's/.*/`&`/' | paste -sd ' ')
    printf '| `%s` | %s |\n' "$module" "${uses:-nothing}"
  done
}
wanted=$(sed '/^<!-- modules: /q' "$page"; table; sed -n '/^<!-- end of modules/,$p' "$page")
if [ "${2:-}" = --update ]; then
  printf '%s\n' "$wanted" > "$page"
elif ! diff "$page" <(printf '%s\n' "$wanted"); then
  echo "run: tests/lint/modules.sh . --update"
  exit 1
fi
