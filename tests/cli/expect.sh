# Sourced. $failures counts what was not as expected.
failures=0

# expect STATUS TEXT COMMAND…: it ends with STATUS and prints TEXT somewhere.
expect() {
  local wanted=$1 text=$2 output status
  shift 2
  output=$("$@" 2>&1)
  status=$?
  if [ "$status" != "$wanted" ] || [[ $output != *"$text"* ]]; then
    printf 'FAIL: %s\n  ended with %s, wanted %s and "%s"; it printed:\n%s\n' "$*" "$status" "$wanted" "$text" "$output"
    failures=$((failures + 1))
  fi
}
