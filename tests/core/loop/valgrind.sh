#!/bin/sh
# valgrind.sh PROGRAM: runs a test program under valgrind; exit status 77 with a reason when that cannot be done.
program=$1
if ! command -v valgrind >/dev/null; then
  echo "skipped: valgrind is not installed (apt install valgrind)"
  exit 77
fi
if [ ! -x "$program" ]; then
  echo "$program is missing; build the target \"shipped\" in SCHEDKIT_PLAIN_BUILD"
  exit 1
fi
if grep -q __asan_init "$program"; then
  echo "skipped: $program is built with sanitizers; set SCHEDKIT_PLAIN_BUILD to a build without"
  exit 77
fi
# CppUTest's TEST macro allocates by malloc and frees by delete, which is no business of ours.
exec valgrind --quiet --error-exitcode=1 --leak-check=full --show-mismatched-frees=no "$program" -c
