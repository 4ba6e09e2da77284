#!/bin/bash
# The man pages say everything that the programs know, are what the build installs, and are right roff.
set -u
schedctl=$1/schedctl pages=$2
failures=0
fail() { printf 'FAIL: %s\n' "$*"; failures=$((failures + 1)); }
export SCHEDKIT_RUN_DIR=/nonexistent SCHEDKIT_CATALOG=/nonexistent

for page in schedctl.1 schedkitd.8 schedkit.toml.5 schedkit-policy.5; do
  text=$("$schedctl" __man "$page") || { fail "no page $page"; continue; }
  [ ! -e "$pages/$page" ] || [ "$text" = "$(cat "$pages/$page")" ] || fail "$pages/$page is not current; build the target man"
  if command -v groff > /dev/null; then
    said=$(printf '%s\n' "$text" | groff -man -Tutf8 -ww -z -K utf8 2>&1)
    [ -z "$said" ] || fail "$page: $said"
  fi
done

page=$("$1/sked" __man) || fail "no page sked.8"
[ ! -e "$pages/sked.8" ] || [ "$page" = "$(cat "$pages/sked.8")" ] || fail "$pages/sked.8 is not current; build the target man"
if command -v groff > /dev/null; then
  said=$(printf '%s\n' "$page" | groff -man -Tutf8 -ww -z -K utf8 2>&1)
  [ -z "$said" ] || fail "sked.8: $said"
fi
page=$(sed 's/\\-/-/g; s/\\f[BRI]//g' <<< "$page")
verbs=$("$1/sked" --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p')
[ -n "$verbs" ] || fail "sked --help lists no verbs"
for verb in $verbs; do
  grep -qx ".SS $verb" <<< "$page" || fail "sked(8) lacks $verb"
  for option in $("$1/sked" "$verb" --help | grep -oE -- '--[a-z-]+'); do
    [ "$option" = --help ] || grep -q -- "$option" <<< "$page" || fail "sked(8) lacks $verb $option"
  done
done

shown() { "$schedctl" __man "$1" | sed 's/\\-/-/g; s/\\f[BRI]//g'; }
# Every verb, also those below another one.
page=$(shown schedctl.1)
for verb in $("$schedctl" __complete -- ""); do
  grep -qx ".SS $verb" <<< "$page" || fail "schedctl(1) lacks $verb"
  for below in $("$schedctl" __complete -- "$verb" ""); do
    case $verb in policy | quarantine) grep -qx ".SS $verb $below" <<< "$page" || fail "schedctl(1) lacks $verb $below" ;; esac
  done
done
# Every key of the schemas.
for pair in schedkit-policy.5: schedkit.toml.5:--settings; do
  page=$(shown "${pair%%:*}")
  # shellcheck disable=SC2086
  for key in $("$schedctl" schema ${pair#*:} | sed -n 's/^ *"\([a-z-]*\)": {$/\1/p' | grep -vxE 'properties|items|additionalProperties'); do
    grep -qx "$key" <<< "$page" || fail "${pair%%:*} lacks the key $key"
  done
done
for option in $("$1/schedkitd" --help | grep -oE -- '--[a-z-]+'); do
  [ "$option" = --help ] || grep -q -- "$option" <<< "$(shown schedkitd.8)" || fail "schedkitd(8) lacks $option"
done
[ "$failures" = 0 ]
