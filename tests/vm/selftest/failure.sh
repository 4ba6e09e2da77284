. "$PAYLOAD/guest.sh"
assert_eq "handed over" "$(cat "$PAYLOAD/etc/given.txt")" "the payload"
wait_for 'false' 0.25 && fail "a condition that never holds came true"
now_us
waited=$(((NOW - _start) / 1000))
((waited >= 250)) || fail "wait_for gave up after $waited ms instead of 250"
echo "came back" > "$RESULTS/kept.txt"
sleep 300 & # the scenario's end does not wait for what it leaves behind
printf 'no newline at the end, and status 7'
exit 7
