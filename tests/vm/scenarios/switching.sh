# Policies dropped, changed and removed while the daemon runs; two rules; bad files of every kind.
. "$PAYLOAD/guest.sh"
mkdir -p /etc/schedkit
start_daemon

step "a dropped file takes effect without a restart"
start_game early
{ use_scheduler fifo schedkit:schedkit_fifo; use_rule early fifo early 100 1s; } > /etc/schedkit/a.toml
expect_state enabled 60 schedkit_fifo
expect_status .state probation 5
assert_eq fifo "$(status .scheduler.name)" "status names the scheduler"
assert_eq a.toml/early "$(status .rule)" "status names the rule"

step "of two rules the higher priority wins, then the lower comes back"
{ use_scheduler vtime schedkit:schedkit_vtime; use_rule late vtime late 200 1s; } > /etc/schedkit/b.toml
expect_status '.rules | length' 2 20
start_game late
expect_state enabled 60 schedkit_vtime
assert_eq 2 "$(scx_enable_seq)" "one enable for each switch"
end_game late
expect_state enabled 60 schedkit_fifo

step "a process that renames itself counts by its new name"
{ use_scheduler vtime schedkit:schedkit_vtime; use_rule wine vtime '*.exe' 300 1s; } > /etc/schedkit/b.toml
expect_status '.rules[0].rule' b.toml/wine 20
"$PAYLOAD/bin/fixtures/fake_game" --seconds 1000 --rename game.exe --after-ms 200 & wine=$!
expect_state enabled 60 schedkit_vtime
kill $wine
wait $wine 2> /dev/null
expect_state enabled 60 schedkit_fifo

step "a command stands above rules until auto"
assert_ok "run" "$SCHEDCTL" run vtime
expect_state enabled 1 schedkit_vtime
assert_ok "auto" "$SCHEDCTL" auto
expect_state enabled 1 schedkit_fifo
assert_ok "stop" "$SCHEDCTL" stop
expect_state disabled 1
assert_ok "auto again" "$SCHEDCTL" auto
expect_state enabled 1 schedkit_fifo

step "bad files: an error with the place, nothing changed"
seq=$(scx_enable_seq)
printf '[schedulers.x]\nimage = \n' > /etc/schedkit/syntax.toml
printf '[schedulers.x]\nimage = "oci:/x:y"\nspeed = 3\n' > /etc/schedkit/unknown.toml
printf '[[rules]]\nname = "r"\nuse = "kernel"\npriority = "high"\n' > /etc/schedkit/type.toml
mkdir /etc/schedkit/directory.toml
head -c 10485760 /dev/zero | tr '\0' '#' > /root/huge && mv /root/huge /etc/schedkit/huge.toml
for name in syntax unknown type directory huge; do
  expect_status "[.files[] | select(.path == \"/etc/schedkit/$name.toml\") | .state][0]" rejected 20
done
place() { status "[.files[] | select(.path == \"/etc/schedkit/$1.toml\") | .errors[0] | \"\(.line):\(.column)\"][0]"; }
say "$("$SCHEDCTL" status -v | grep -E '/etc/schedkit/(syntax|unknown|type|directory|huge)' | head -20)"
"$SCHEDCTL" check > check.txt 2>&1 && fail "check accepts the bad files"
for message in syntax.toml:2: unknown.toml:3:1 type.toml:4: directory.toml huge.toml; do
  assert_contains "$(cat check.txt)" "$message" "schedctl check names the place"
done
is_state enabled schedkit_fifo || fail "a bad file changed the scheduler"
assert_eq "$seq" "$(scx_enable_seq)" "nothing was attached"
rm -r /etc/schedkit/{syntax,unknown,type,directory,huge}.toml

step "an error in a file keeps its last good version in force"
good=$(cat /etc/schedkit/a.toml)
printf '%s\nthis is no TOML' "$good" > /etc/schedkit/a.toml
expect_status '[.files[] | select(.path == "/etc/schedkit/a.toml") | .state][0]' last-good 20
is_state enabled schedkit_fifo || fail "the last good version is not in force"
printf '%s\n' "$good" > /etc/schedkit/a.toml
expect_status '[.files[] | select(.path == "/etc/schedkit/a.toml") | .state][0]' loaded 20

step "images that cannot be used"
"$SCHEDCTL" run "oci:/nowhere:x" > run.txt 2>&1 && fail "a missing layout is accepted"
assert_contains "$(cat run.txt)" /nowhere "the error names the layout"
cp -r "$PAYLOAD/images/fixtures" /root/bent # nothing of it is in the store yet
for blob in /root/bent/blobs/sha256/*; do
  [ "$(stat -c %s "$blob")" -lt 100000 ] || printf 'x' | dd of="$blob" bs=1 seek=5000 conv=notrunc status=none
done
"$SCHEDCTL" run "oci:/root/bent:fixture_plain_exec" > run.txt 2>&1 && fail "a layer with another digest is accepted"
assert_contains "$(cat run.txt)" "layer 1" "the error says where"
cat run.txt
is_state enabled schedkit_fifo || fail "a bad image changed the scheduler"
assert_eq "$seq" "$(scx_enable_seq)" "nothing was attached by bad images"

step "run --attach stays until Ctrl-C, or until somebody else is attached"
"$SCHEDCTL" run --attach vtime > attach.txt 2>&1 & stays=$!
expect_state enabled 60 schedkit_vtime
wait_for 'grep -q "schedkit_vtime: attached" attach.txt' 20 || fail "it does not show what the scheduler prints: $(cat attach.txt)"
grep -q schedkit_fifo attach.txt && fail "it shows another one's lines: $(cat attach.txt)"
kill -TERM $stays
wait $stays
assert_eq 0 $? "its exit code after SIGTERM"
expect_state enabled 20 schedkit_fifo
"$SCHEDCTL" run --attach vtime > attach.txt 2>&1 & stays=$!
expect_state enabled 60 schedkit_vtime
assert_ok auto "$SCHEDCTL" auto
wait $stays
assert_eq 1 $? "its exit code when it lost its scheduler"
assert_contains "$(cat attach.txt)" "not attached any more" "it says so"
expect_state enabled 20 schedkit_fifo

step "a removed file takes its rule away"
rm /etc/schedkit/a.toml
expect_state disabled 20
end_game early
"$SCHEDCTL" status > /dev/null || fail "status has a discrepancy: $("$SCHEDCTL" status)"
kill -0 "$daemon_pid" || fail "the daemon is gone"
stop_daemon
assert_eq 0 "$DAEMON_STATUS" "the daemon's exit status"
