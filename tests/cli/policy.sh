#!/bin/bash
# schedctl policy, pin, completion and what is said of wrong words, as a person sees it. Transcripts without daemon and rights.
set -u
bin=$1
schedctl=$bin/schedctl
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || { kill "$daemon"; wait "$daemon"; }; rm -rf "$work"' EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1 SCHEDKIT_CATALOG=$work/catalog.json TMPDIR=$work
unset VISUAL EDITOR SCHEDKIT_EDITOR
failures=0
root=$work/root etc=$work/root/etc/schedkit lib=$work/root/usr/lib/schedkit
mkdir -p "$etc/cluster" "$lib"
printf '{"scx_lavd": {"imageURI": "ghcr.io/schedkit/scx_lavd"}}' > "$SCHEDKIT_CATALOG"

fail() { printf 'FAIL: %s\n' "$*"; failures=$((failures + 1)); }

# transcript STATUS COMMAND… << wanted output, standard error included, the root's path as ROOT
transcript() {
  local wanted_status=$1 wanted output status
  shift
  wanted=$(cat)
  output=$("$@" 2>&1 < /dev/null)
  status=$?
  output=${output//"$work"/ROOT} output=${output//$'\r'/}
  [ "$status" = "$wanted_status" ] && [ "$output" = "$wanted" ] ||
    fail "$(printf '%s\n  ended with %s, wanted %s\n%s' "$*" "$status" "$wanted_status" "$(diff <(echo "$wanted") <(echo "$output"))")"
}
# file NAME << wanted content of a file of /etc/schedkit
file() { diff <(cat) "$etc/$1" > "$work/diff" || fail "$1: $(cat "$work/diff")"; }
policy() { local verb=$1; shift; "$schedctl" policy "$verb" --root "$root" "$@"; }

# add: the line of the documentation; the scheduler comes from the catalogue.
transcript 0 policy add games --when "process.comm=cs2,*.exe" --use lavd --priority 200 --linger 10s << 'END'
ROOT/root/etc/schedkit/games.toml: games added
END
file games.toml << 'END'
[schedulers.lavd]
image = "ghcr.io/schedkit/scx_lavd:latest"

[[rules]]
name = "games"
use = "lavd"
priority = 200
linger = "10s"
when.process = { comm = ["cs2", "*.exe"] }
END
transcript 1 policy add games --use lavd << 'END'
schedctl: ROOT/root/etc/schedkit/games.toml:12:1: rule "games" is already defined in line 5; give it another name
schedctl: nothing is written
END
transcript 1 policy add x --use lavdd << 'END'
schedctl: ROOT/root/etc/schedkit/x.toml:3:7: use is "lavdd", but no policy file defines [schedulers.lavdd]; did you mean "lavd"?
schedctl: nothing is written
END
transcript 1 policy add x --use kernel --when proces.comm=x << 'END'
schedctl: "proces.comm=x": there is no key "proces"; did you mean "process"?
END
transcript 1 policy add x --use kernel --priority 2000 << 'END'
schedctl: ROOT/root/etc/schedkit/x.toml:4:12: priority is 2000; it must be from 0 to 1000
schedctl: nothing is written
END
transcript 64 policy add << 'END'
schedctl: name the rule and what to --use; without a terminal nothing is asked
END
transcript 0 policy add night --use kernel --when time.start=22:00 --or-when power.source=battery --disabled --dry-run << 'END'
--- /dev/null
+++ ROOT/root/etc/schedkit/night.toml
@@ -0,0 +1,5 @@
+[[rules]]
+name = "night"
+use = "kernel"
+enabled = false
+when = [{ time = { start = "22:00" } }, { power = { source = "battery" } }]
END
[ ! -e "$etc/night.toml" ] || fail "--dry-run wrote"

# set, enable, disable: comments, order, line ends and rights of the file stay.
printf '# mine\r\n[[rules]]   # odd\r\n  name="b"\r\n  use = "kernel" # none\r\n' > "$etc/b.toml"
chmod 640 "$etc/b.toml"
[ "$(id -u)" != 0 ] || chown 1234:2345 "$etc/b.toml"
before=$(stat -c '%a %u %g' "$etc/b.toml")
cp "$etc/b.toml" "$work/b.toml"
transcript 0 policy set b priority=7 when.process.comm=make << 'END'
ROOT/root/etc/schedkit/b.toml: b changed
END
printf '# mine\r\n[[rules]]   # odd\r\n  name="b"\r\n  use = "kernel" # none\r\n  priority = 7\r\n  when.process.comm = "make"\r\n' | file b.toml
[ "$(stat -c '%a %u %g' "$etc/b.toml")" = "$before" ] || fail "mode or owner changed"
transcript 0 policy set b --unset priority --unset when.process.comm << 'END'
ROOT/root/etc/schedkit/b.toml: b changed
END
file b.toml < "$work/b.toml"
transcript 0 policy disable b << 'END'
ROOT/root/etc/schedkit/b.toml: b disabled
END
transcript 0 policy list << 'END'
RULE   USE     MODE  PRIORITY  STATE     FILE
games  lavd    -     200       enabled   ROOT/root/etc/schedkit/games.toml
b      kernel  -     100       disabled  ROOT/root/etc/schedkit/b.toml

SCHEDULER  IMAGE                             FILE
lavd       ghcr.io/schedkit/scx_lavd:latest  ROOT/root/etc/schedkit/games.toml
END
transcript 0 policy enable b --backup << 'END'
ROOT/root/etc/schedkit/b.toml: b enabled
END
file b.toml < "$work/b.toml"
grep -q 'enabled = false' "$etc/b.toml.bak" || fail "no backup"
transcript 0 policy enable b << 'END'
nothing to change
END
transcript 64 policy set b << 'END'
schedctl: name what to change: KEY=VALUE, or --unset KEY
END
transcript 1 policy set bb priority=1 << 'END'
schedctl: no policy file has a rule or scheduler "bb"; known: b, games, lavd
END
transcript 1 policy set b prority=1 << 'END'
schedctl: there is no key "prority"; did you mean "priority"?
END
transcript 1 policy set b use=gone << 'END'
schedctl: ROOT/root/etc/schedkit/b.toml:4:9: use is "gone", but no policy file defines [schedulers.gone]; known: kernel, lavd
schedctl: nothing is written
END
transcript 0 policy set schedkit.toml switch.dwell=3s default=lavd << 'END'
ROOT/root/etc/schedkit/schedkit.toml: settings changed
END

# show, mv, remove, diff
transcript 0 policy show b << 'END'
# ROOT/root/etc/schedkit/b.toml:2
[[rules]]   # odd
  name="b"
  use = "kernel" # none
END
transcript 0 policy show games -o json << 'END'
{
  "id": "games.toml/games",
  "kind": "rule",
  "name": "games",
  "file": "ROOT/root/etc/schedkit/games.toml",
  "line": 4,
  "layer": "admin",
  "values": {
    "name": "games",
    "use": "lavd",
    "priority": 200,
    "linger": "10s",
    "when": {
      "process": {
        "comm": [
          "cs2",
          "*.exe"
        ]
      }
    }
  }
}
END
transcript 1 policy remove lavd << 'END'
schedctl: ROOT/root/etc/schedkit/games.toml:3:7: use is "lavd", but no policy file defines [schedulers.lavd]; known: kernel
schedctl: ROOT/root/etc/schedkit/schedkit.toml:2:11: default is "lavd", but no policy file defines [schedulers.lavd]; known: kernel
schedctl: nothing is written
END
rm "$etc/schedkit.toml"
transcript 0 policy mv lavd fast << 'END'
ROOT/root/etc/schedkit/games.toml: lavd is fast now
END
grep -q '^use = "fast"$' "$etc/games.toml" || fail "the use was not renamed"
transcript 0 policy mv games gaming << 'END'
ROOT/root/etc/schedkit/games.toml: games is gaming now
END
transcript 0 policy remove b.toml << 'END'
ROOT/root/etc/schedkit/b.toml: removed
END
[ ! -e "$etc/b.toml" ] || fail "the file is still there"

# Files of others.
printf '[[rules]]\nname = "batch"\nuse = "kernel"\n' > "$lib/vendor.toml"
cp "$lib/vendor.toml" "$etc/cluster/k8s-batch.toml"
transcript 3 policy set vendor.toml/batch priority=1 << 'END'
schedctl: ROOT/root/usr/lib/schedkit/vendor.toml: belongs to a package; a file ROOT/root/etc/schedkit/vendor.toml takes its place: schedctl policy edit --copy vendor.toml
END
transcript 3 policy disable k8s-batch.toml/batch << 'END'
schedctl: ROOT/root/etc/schedkit/cluster/k8s-batch.toml: is written for the Kubernetes cluster; a file ROOT/root/etc/schedkit/k8s-batch.toml takes its place: schedctl policy edit --copy k8s-batch.toml
END
transcript 1 policy disable batch << 'END'
schedctl: several rules are called "batch"; name one of: k8s-batch.toml/batch, vendor.toml/batch
END
transcript 1 policy add vendor --use kernel << 'END'
schedctl: ROOT/root/etc/schedkit/vendor.toml would hide ROOT/root/usr/lib/schedkit/vendor.toml; choose another file with --file
END
export EDITOR="sed -i s/batch/mine/"
transcript 0 policy edit --copy vendor.toml << 'END'
ROOT/root/etc/schedkit/vendor.toml: written
END
transcript 0 policy diff vendor.toml << 'END'
--- ROOT/root/usr/lib/schedkit/vendor.toml
+++ ROOT/root/etc/schedkit/vendor.toml
@@ -1,3 +1,3 @@
 [[rules]]
-name = "batch"
+name = "mine"
 use = "kernel"
END
transcript 0 policy remove mine << 'END'
ROOT/root/etc/schedkit/vendor.toml: mine removed
END
[ -e "$etc/vendor.toml" ] && [ ! -s "$etc/vendor.toml" ] || fail "the package's rule must stay hidden"

# edit
transcript 0 policy edit games.toml << 'END'
nothing to change
END
EDITOR="sed -i s/priority/priorty/"
output=$(policy edit gaming 2>&1 < /dev/null) && fail "an error was written"
[[ $output == *"games.toml:7:1: unknown key \"priorty\""*"nothing is written"*"your version is kept in $work/schedctl-"* ]] || fail "$output"
grep -q priority "$etc/games.toml" || fail "an error was written"
grep -q priorty "$work"/schedctl-*/games.toml || fail "what was edited is lost"
EDITOR=false
transcript 1 policy edit games.toml << 'END'
schedctl: the editor "false" failed; nothing is written. $VISUAL chooses another
END
transcript 0 policy check "$etc/games.toml" << 'END'
1 file, 0 errors, 0 warnings
END

# The dialog, on a terminal of its own.
if command -v script > /dev/null; then
  rm -rf "$etc" && mkdir -p "$etc"
  printf 'bad name\nbuilds\ncc1plus,rustc\nscx_lavdd\n1\ny\n' > "$work/answers"
  script -qec "cat $work/answers - < /dev/null | $schedctl policy add --root $root" /dev/null > "$work/said" 2>&1 < /dev/null
  grep -q "without a terminal nothing is asked" "$work/said" || fail "a pipe is no terminal: $(cat "$work/said")"
  script -qec "$schedctl policy add --root $root" /dev/null > "$work/said" 2>&1 < "$work/answers"
  grep -q 'did you mean scx_lavd?' "$work/said" || fail "the dialog: $(cat "$work/said")"
  file builds.toml << 'END'
[schedulers.scx_lavd]
image = "ghcr.io/schedkit/scx_lavd:latest"

[[rules]]
name = "builds"
use = "scx_lavd"
when.process = { comm = ["cc1plus", "rustc"] }
END
fi

# Wrong words.
transcript 64 "$schedctl" stauts << 'END'
schedctl: there is no "stauts"; did you mean "status"?
schedctl: `schedctl --help` says more
END
transcript 64 "$schedctl" polcy list << 'END'
schedctl: there is no "polcy"; did you mean "policy"?
schedctl: `schedctl list --help` says more
END
transcript 64 "$schedctl" policy lst << 'END'
schedctl: there is no "lst"; did you mean "list"?
schedctl: `schedctl policy --help` says more
END
transcript 64 "$schedctl" status --verbos << 'END'
schedctl: there is no "--verbos"; did you mean "--verbose"?
schedctl: `schedctl status --help` says more
END
for words in "" nonsense "run" "policy" "policy set" "status -o yaml" "status x y z" "--nonsense" "pin" "completion tcsh" "-o"; do
  # shellcheck disable=SC2086
  output=$("$schedctl" $words 2>&1)
  [ $? = 64 ] || fail "schedctl $words: not 64"
  [ "$(printf '%s\n' "$output" | wc -l)" -le 5 ] || fail "schedctl $words: more than five lines"
done

# Completion.
transcript 0 "$schedctl" __complete -- pol << 'END'
policy
END
printf '[[rules]]\nname = "one"\nuse = "kernel"\n' > "$etc/one.toml"
transcript 0 "$schedctl" __complete -- policy disable --root "$root" o << 'END'
one
END
transcript 0 "$schedctl" __complete -- status -o "" << 'END'
json
text
END
transcript 0 "$schedctl" __complete -- run scx << 'END'
scx_lavd
END
transcript 0 "$schedctl" __complete -- policy add --pri << 'END'
--priority
END
PATH=$bin:$PATH bash -c 'source <(schedctl completion bash); COMP_WORDS=(schedctl policy en); COMP_CWORD=2; _schedctl; [ "${COMPREPLY[*]}" = enable ]' || fail "bash completion"
if command -v zsh > /dev/null; then "$schedctl" completion zsh | zsh -n /dev/stdin || fail "zsh completion"; fi
if command -v fish > /dev/null; then "$schedctl" completion fish | fish -n /dev/stdin || fail "fish completion"; fi

# loader refresh: what scx_loader is configured with, as a policy file; one with errors changes nothing.
loader_policy=$root/run/schedkit/policies/scx-loader.toml
transcript 0 "$schedctl" loader refresh --root "$root" < /dev/null
printf 'default_sched = "scx_lavd"\ndefault_mode = "Gaming"\n[scheds.scx_lavd]\ngaming_mode = ["--performance"]\n' > "$root/etc/scx_loader.toml"
transcript 0 "$schedctl" loader refresh --root "$root" < /dev/null
[ "$(grep -A4 '^\[\[rules' "$loader_policy")" = "$(printf '[[rules]]\nname = "default"\nuse = "scx_lavd"\nmode = "gaming"\npriority = 0')" ] ||
  fail "loader refresh wrote: $(cat "$loader_policy")"
cp "$loader_policy" "$work/loader.before"
echo 'default_sched = 3' > "$root/etc/scx_loader.toml"
transcript 1 "$schedctl" loader refresh --root "$root" << 'END'
schedctl: ROOT/root/etc/scx_loader.toml:1:17: default_sched must be a string
END
cmp -s "$loader_policy" "$work/loader.before" || fail "a broken scx_loader.toml changed what was in force"
mkdir "$root/etc/scx_loader"
: > "$root/etc/scx_loader/config.toml" # comes before the other
transcript 0 "$schedctl" loader refresh --root "$root" << 'END'
schedctl: ROOT/root/etc/scx_loader/config.toml: there is no default_sched: nothing is started until a rule or a command asks for it
END
rm -r "$root"/etc/scx_loader*
transcript 0 "$schedctl" loader refresh --root "$root" < /dev/null
[ ! -e "$loader_policy" ] || fail "the policy outlived scx_loader.toml"

# pin: without a daemon, and with one.
printf '[schedulers.a]\nimage = "registry.test/team/scx:v1" # why\n[[rules]]\nname = "r"\nuse = "a"\n' > "$etc/a.toml"
transcript 4 "$schedctl" pin a --root "$root" << 'END'
schedctl: the daemon is unreachable: cannot connect to ROOT/run/schedkitd.sock: No such file or directory; is schedkitd running?
END
if [ "$(id -u)" = 0 ]; then
  "$bin/schedkitd" --no-system-bus --root "$root" --run-dir "$work/run" --state-dir "$work/state" > "$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 600); do
    "$schedctl" version > /dev/null 2>&1 && break
    kill -0 "$daemon" 2> /dev/null || break
    read -rt 0.05 _ <> <(:)
  done
  "$schedctl" version > /dev/null 2>&1 || fail "schedkitd does not start: $(cat "$work/log")"
  transcript 1 "$schedctl" pin a --root "$root" << 'END'
schedctl: registry.test/team/scx:v1 is not in the store; `schedctl pull registry.test/team/scx:v1` fetches it
END
  if command -v umoci > /dev/null && command -v skopeo > /dev/null; then
    umoci init --layout "$work/l" && umoci new --image "$work/l:x" && mkdir -p "$work/tree" && echo hello > "$work/tree/scx" &&
      umoci insert --image "$work/l:x" "$work/tree/scx" /scx && umoci config --config.entrypoint /scx --image "$work/l:x"
    skopeo copy -q "oci:$work/l:x" "oci:$work/state/store:registry.test/team/scx:v1"
    transcript 0 "$schedctl" pin r --root "$root" << 'END'
ROOT/root/etc/schedkit/a.toml: r pinned
END
    grep -qE '^image = "registry.test/team/scx:v1@sha256:[0-9a-f]{64}" # why$' "$etc/a.toml" || fail "$(cat "$etc/a.toml")"
    transcript 0 "$schedctl" pin a.toml --root "$root" << 'END'
nothing to change
END
  fi
  # No rights: neither to write nor to ask the daemon.
  # (Where that user can run the program at all: a build tree may be closed to others.)
  chmod 755 "$work"
  if setpriv --reuid 65534 --regid 65534 --clear-groups "$schedctl" --version > /dev/null 2>&1; then
    transcript 3 env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/none setpriv --reuid 65534 --regid 65534 --clear-groups "$schedctl" pin a --root "$root" << 'END'
schedctl: cannot connect to ROOT/run/schedkitd.sock: Permission denied; only root may use the socket, and no daemon is on the system bus
END
    transcript 3 setpriv --reuid 65534 --regid 65534 --clear-groups "$schedctl" policy disable one --root "$root" << 'END'
schedctl: cannot write in ROOT/root/etc/schedkit: Permission denied; try it as root
END
  fi
fi
[ "$failures" = 0 ]
