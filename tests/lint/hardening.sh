#!/bin/bash
# hardening.sh BIN…: the programs as they are shipped are position independent, bind at once and then write-protect their tables (RELRO),
# have no executable stack and no run path, check their stacks and fortify libc's functions.
set -u
failures=0
lacks() {
  echo "FAIL: $1: $2"
  failures=$((failures + 1))
}
for program in "$@"; do
  [ -x "$program" ] || { lacks "$program" "not built"; continue; }
  head=$(readelf -hW "$program")
  segments=$(readelf -lW "$program")
  dynamic=$(readelf -dW "$program")
  symbols=$(readelf --dyn-syms -W "$program")
  [[ $head == *DYN* ]] || lacks "$program" "no position-independent executable"
  [[ $segments == *GNU_RELRO* ]] || lacks "$program" "no RELRO"
  [[ $dynamic == *BIND_NOW* || $dynamic == *"Flags: NOW"* ]] || lacks "$program" "binds lazily"
  grep -q 'GNU_STACK.* RW ' <<< "$segments" || lacks "$program" "an executable stack"
  grep -q 'LOAD.* RWE ' <<< "$segments" && lacks "$program" "a segment that is writable and executable"
  grep -qE '\((RPATH|RUNPATH)\)' <<< "$dynamic" && lacks "$program" "a run path"
  [[ $dynamic == *NEEDED* ]] || continue # a static program shows no symbols
  [[ $symbols == *__stack_chk_fail* ]] || lacks "$program" "no stack protector"
  [[ $symbols == *_chk@* ]] || lacks "$program" "no fortified functions"
done
[ "$failures" = 0 ] && echo "$# programs are hardened"
[ "$failures" = 0 ]
