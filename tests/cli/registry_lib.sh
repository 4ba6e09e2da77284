# For tests of schedkitd and schedctl against registries on loopback. Sourced with $bin set: a private directory $work, removed at
# the end with everything that was started; the daemon of start_daemon reads its configuration below $work/root.

for tool in docker-registry skopeo umoci htpasswd curl python3; do
  command -v "$tool" > /dev/null || { echo "SKIPPED: $tool is not installed"; exit 77; }
done
[ "$(id -u)" = 0 ] || { echo "SKIPPED: needs root"; exit 77; }
work=$(mktemp -d)
daemon= children=()
RANDOM=${SCHEDKIT_SEED:-1}
end() {
  [ -z "$daemon" ] || kill -9 "$daemon" 2> /dev/null
  for child in "${children[@]}"; do kill "$child" 2> /dev/null; done
  wait 2> /dev/null
  rm -rf "$work"
}
trap end EXIT
export SCHEDKIT_RUN_DIR=$work/run NO_COLOR=1
schedctl=$bin/schedctl
mkdir -p "$work/root/etc/schedkit" "$work/root/etc/containers/registries.conf.d"
pause() { read -rt "$1" _ <> <(:) || :; }

. "$(dirname "${BASH_SOURCE[0]}")/expect.sh"

# start_registry NAME [YAML OF http [FURTHER YAML]]: Debian's docker-registry with its files in $work/NAME, on a port that the kernel
# chose; its place in $address.
start_registry() {
  local name=$1 http=${2:-} more=${3:-} registry
  cat > "$work/$name.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/$name}, delete: {enabled: true}}
http: {addr: "127.0.0.1:0"${http:+, $http}}
log: {level: info, formatter: json, accesslog: {disabled: true}}
$more
END
  docker-registry serve "$work/$name.yml" > "$work/$name.log" 2>&1 &
  registry=$!
  children+=("$registry")
  for _ in $(seq 300); do
    address=$(sed -n 's/.*listening on \(127\.0\.0\.1:[0-9]*\).*/\1/p' "$work/$name.log")
    [ -z "$address" ] || return 0
    kill -0 "$registry" 2> /dev/null || break
    pause 0.1
  done
  echo "FAIL: the registry does not start"
  cat "$work/$name.log"
  exit 1
}

# start_proxy UPSTREAM: tests/cli/registry_proxy.py; its place in $proxy, its files in $work/proxy.
start_proxy() {
  rm -rf "$work/proxy" && mkdir "$work/proxy"
  python3 "$(dirname "$0")/registry_proxy.py" "$1" "$work/proxy" 2> "$work/proxy.log" &
  children+=($!)
  for _ in $(seq 100); do
    [ -s "$work/proxy/address" ] && { proxy=$(cat "$work/proxy/address"); return; }
    pause 0.1
  done
  echo "FAIL: the proxy does not start"
  cat "$work/proxy.log"
  exit 1
}

start_daemon() {
  "$bin/schedkitd" --no-system-bus --root "$work/root" --run-dir "$work/run" --state-dir "$work/state" >> "$work/log" 2>&1 &
  daemon=$!
  for _ in $(seq 600); do
    "$schedctl" version > /dev/null 2>&1 && return
    kill -0 "$daemon" 2> /dev/null || break
    pause 0.05
  done
  echo "FAIL: schedkitd does not start"
  cat "$work/log"
  exit 1
}

stop_daemon() {
  kill "$daemon"
  wait "$daemon"
  daemon=
}

# make_image TAG [BYTES]: $work/layout:TAG with three layers of random data. The size is whole blocks because `umoci insert` forgets
# the padding of the last.
make_image() {
  local layer
  rm -rf "$work/layout"
  umoci init --layout "$work/layout" && umoci new --image "$work/layout:$1" || return
  for layer in 1 2 3; do
    rm -rf "$work/tree" && mkdir "$work/tree"
    head -c "${2:-3000320}" /dev/urandom > "$work/tree/data$layer"
    umoci insert --image "$work/layout:$1" "$work/tree" "/part$layer" || return
  done
  umoci config --config.entrypoint /part1/data1 --image "$work/layout:$1"
}

# Nothing is left of what failed.
expect_clean() {
  expect 0 "as it should be" "$schedctl" images --verify
  [ -z "$(ls "$work/state/tmp")" ] || { ls -lR "$work/state/tmp"; expect 0 "nothing left in tmp" false; }
}

finish() {
  [ "$failures" = 0 ] || { echo "--- the daemon's log"; tail -n 40 "$work/log"; }
  [ "$failures" = 0 ]
}
