#!/bin/bash
# Plays every scenario with `schedctl simulate` and compares what it says: tests/scenario/run.sh SCHEDCTL [NAME…]
# A scenario is a directory: *.toml are the policy files (with schedkit.toml), or `shipped` names one of this repository;
# events.jsonl is the script; expected.txt is what it must print, written from docs/policy.md.
set -u
schedctl=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
failed=0 count=0
names=("$@")
[ "${#names[@]}" != 0 ] || mapfile -t names < <(cd "$here" && printf '%s\n' */ | sed 's,/$,,')
for name in "${names[@]}"; do
  scenario=$here/$name
  policies=("$scenario")
  [ ! -e "$scenario/shipped" ] || policies+=("$root/$(cat "$scenario/shipped")")
  count=$((count + 1))
  if ! diff -u "$scenario/expected.txt" <("$schedctl" simulate "$scenario/events.jsonl" "${policies[@]}" 2>&1); then
    echo "FAILED: $name"
    failed=$((failed + 1))
  fi
done
echo "$count scenarios, $failed failed"
[ "$count" -ge 60 ] || [ "$#" != 0 ] || { echo "there are fewer than 60 scenarios"; exit 1; }
[ "$failed" = 0 ]
