#!/bin/bash
# The files around the daemon as `cmake --install` puts them: units verified and rated by systemd, XML well-formed, D-Bus
# names consistent. Needs no program to be built.
set -u
build=$1
installed=$(mktemp -d)
trap 'rm -rf "$installed"' EXIT
failures=0
complain() { echo "FAIL: $*"; failures=$((failures + 1)); }
command -v systemd-analyze > /dev/null || { echo "skipped: there is no systemd-analyze here"; exit 77; }

for component in units scx-loader dev; do
  DESTDIR=$installed cmake --install "$build" --prefix /usr --component $component > "$installed/log" || complain "$(cat "$installed/log")"
done
for file in lib/systemd/system/{schedkitd,scx_loader,scx_loader-config}.service \
  lib/systemd/system/scx_loader-config.path lib/systemd/system/schedkit.slice lib/sysusers.d/schedkit.conf \
  lib/tmpfiles.d/schedkit.conf share/dbus-1/system.d/{io.schedkit.Manager1,org.scx.Loader}.conf \
  share/dbus-1/system-services/{io.schedkit.Manager1,org.scx.Loader}.service \
  share/dbus-1/interfaces/{io.schedkit.Manager1,org.scx.Loader}.xml \
  lib/systemd/catalog/schedkit.catalog share/polkit-1/actions/{io.schedkit,org.scx.Loader}.policy; do
  [ -s "$installed/usr/$file" ] || complain "$file is not installed"
done

# The programs are not there: their place is taken by one that is.
units=$installed/units
mkdir "$units"
cp "$installed"/usr/lib/systemd/system/* "$units"
sed -i -E 's#^(Exec[A-Za-z]*=-?)/[^ ]*#\1/bin/true#' "$units"/*.service
systemd-analyze verify --recursive-errors=no "$units"/*.service "$units"/*.slice "$units"/*.path || complain "systemd-analyze verify"

# rate UNIT LIMIT: tenths.
rate() {
  local line score
  line=$(systemd-analyze security --offline=yes "$units/$1" | grep -a 'Overall exposure')
  score=$(sed -E 's/.*: ([0-9]+)\.([0-9]).*/\1\2/' <<< "$line")
  echo "$line"
  [[ $score =~ ^[0-9]+$ ]] && [ "$((10#$score))" -le "$2" ] || complain "$1 is exposed more than $2 tenths"
}
rate schedkitd.service 50
rate scx_loader.service 20
rate scx_loader-config.service 20

# Every message that the code marks is in the catalog, and the other way round.
catalog=$installed/usr/lib/systemd/catalog/schedkit.catalog
marked=$(grep -oE '"[0-9a-f]{32}"' "$(dirname "$0")/../../core/control/narration.h" | tr -d '"' | sort)
[ "$marked" = "$(sed -n 's/^-- //p' "$catalog" | sort)" ] || complain "messages and $catalog differ"
if command -v journalctl > /dev/null; then
  mkdir -p "$installed/var/lib/systemd/catalog"
  journalctl --root="$installed" --update-catalog || complain "$catalog"
  [ -s "$installed/var/lib/systemd/catalog/database" ] || complain "journalctl made no catalog"
fi

# Every polkit action that the code asks about is declared, and the other way round.
source=$(dirname "$0")/../..
asked=$(grep -rhoE '"(io\.schedkit\.[a-z]+|org\.scx\.loader\.[a-z-]+)"' "$source"/core/bus/*.cc | tr -d '"' | sort -u)
declared=$(grep -hoE 'action id="[^"]+"' "$installed"/usr/share/polkit-1/actions/* | sed 's/.*="//; s/"//' | sort -u)
[ "$asked" = "$declared" ] || complain "polkit actions asked about: $asked; declared: $declared"
if command -v xmllint > /dev/null; then
  find "$installed/usr/share" \( -name '*.xml' -o -name '*.conf' -o -name '*.policy' \) -exec xmllint --nonet --noout {} + ||
    complain "XML"
fi
[ "$failures" = 0 ]
