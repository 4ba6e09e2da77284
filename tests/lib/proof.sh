# Writes docs/proof.md from a long run. Sourced after common.sh and build.sh.

# The working tree's commit, "-dirty" when files differ from it.
proof_commit() { git -C "$schedkit_root" describe --always --abbrev=12 --dirty --exclude '*'; }

proof_machine() {
  local cpu memory
  cpu=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  memory=$(awk '/^MemTotal/ { print int($2 / 1048576) }' /proc/meminfo)
  printf '%s, %s cores, %s GB, kernel %s, %s' "$cpu" "$(nproc)" "$memory" "$(uname -r)" \
    "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release)"
}

# proof_write CTEST-LOG RESULTS-DIRECTORY FAILED: replaces docs/proof.md as a whole; FAILED names what went wrong, if anything.
proof_write() {
  local log=$1 results=$2 failed=$3 file new=$schedkit_root/docs/proof.md.new
  {
    printf '# Results of `tests/run.sh --long`\n\nWritten by that command; do not edit.\n\n'
    printf '| | |\n|---|---|\n'
    printf '| date | %s |\n' "$(date -u +'%Y-%m-%d %H:%M UTC')"
    printf '| commit | %s |\n| seed | %s |\n' "$(proof_commit)" "$SCHEDKIT_SEED"
    printf '| machine | %s |\n' "$(proof_machine)"
    printf '| VM | %s, %s |\n' "$(qemu-system-x86_64 --version 2> /dev/null | head -n 1)" \
      "$(cat "$schedkit_cache/vm/kernel/current/version" 2> /dev/null || echo 'no kernel')"
    printf '| outcome | %s |\n\n## Tests\n\n```\n' "${failed:-everything passed}"
    sed -n '/tests passed,/,$p' "$log"
    printf '```\n'
    for file in "$results"/*.txt; do
      [ -e "$file" ] || continue
      printf '\n## %s\n\n```\n' "$(basename "$file" .txt)"
      cat "$file"
      printf '```\n'
    done
  } > "$new"
  mv "$new" "$schedkit_root/docs/proof.md"
  say "wrote docs/proof.md"
}
