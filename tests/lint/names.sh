#!/bin/bash
# names.sh ROOT: every type has a name of its own in its namespace. Two of one name in two files are no error to compiler and linker:
# they take one's functions for both (the one-definition rule), and the program crashes.
set -euo pipefail
cd "$1"
# Definitions begin a line (.clang-format indents no namespace). Those in an unnamed namespace are their file's own.
twice=$(find core config bpf k8s cli -name '*.h' -o -name '*.cc' | sort | xargs awk '
  FNR == 1 { namespace = ""; hidden = 0 }
  /^namespace \{/ { hidden = 1 }
  /^namespace [a-z]/ { namespace = $2 }
  /^} +\/\/ namespace$/ { hidden = 0 }
  hidden || /;$/ && !/\{/ { next }
  /^(struct|class|enum class|enum) [A-Za-z]+( final)?( :.*)? ?\{/ {
    name = $2 == "class" ? $3 : $2
    print namespace "::" name, FILENAME ":" FNR
  }' | sort | awk '
  $1 == last { print (told == $1 ? "" : place "\n") $2 ": " $1; told = $1 }
  { last = $1; place = $2 ": " $1 }')
[ -z "$twice" ] || { printf 'defined twice:\n%s\n' "$twice"; exit 1; }
