#!/bin/bash
# cosign.sh VERIFY_STORED: what cosign (Debian trixie and sid) signs and accepts, schedkit accepts, and what cosign refuses,
# schedkit refuses: against Debian's docker-registry on loopback, in both storage formats. Needs docker-registry, skopeo, umoci
# and, the first time, the network; without them it says so and is skipped (exit 77).
set -euo pipefail
. "$(dirname "$0")/../../../lib/common.sh"

verify_stored=$(realpath "$1")
skip() { echo "SKIPPED: $*"; exit 77; }
for tool in docker-registry skopeo umoci curl jq; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done

. "$schedkit_root/tests/lib/cosign.sh"
fetch_cosigns || skip "no cosign of Debian: the network is not there"

work=$(mktemp -d)
registry=
trap '[ -z "$registry" ] || kill "$registry"; rm -rf "$work"' EXIT
export HOME=$work COSIGN_PASSWORD=
cd "$work"

# A port that nobody listens on; the registry says when it has it.
start_registry() {
  local try
  for try in 1 2 3 4 5; do
    port=$((20000 + (RANDOM + try) % 20000))
    cat > registry.yml <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
END
    docker-registry serve registry.yml > registry.log 2>&1 &
    registry=$!
    # curl retries until the port answers; nothing is slept away here.
    if curl -fs --retry 20 --retry-delay 1 --retry-all-errors -o /dev/null "http://127.0.0.1:$port/v2/" && kill -0 "$registry" 2> /dev/null; then
      return
    fi
    wait "$registry" || :
    registry=
  done
  cat registry.log >&2
  die "docker-registry does not start"
}
start_registry
base=127.0.0.1:$port

# push NAME: an image of its own; prints its digest.
push() {
  umoci init --layout "layout-$1" && umoci new --image "layout-$1:t" && umoci config --image "layout-$1:t" --author "$1"
  skopeo copy -q --dest-tls-verify=false "oci:layout-$1:t" "docker://$base/$1:t"
  skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$base/$1:t"
}

get() { curl -fs -H "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json" "http://$base/v2/$1"; }

# ours NAME DIGEST KEY: fetches what the collector asks for, then judges.
ours() {
  local name=$1 digest=$2 key=$3 store=store-$1 kind item round
  mkdir -p "$store"
  get "$name/manifests/${digest/:/-}.sig" > "$store/signatures.json" || rm -f "$store/signatures.json"
  get "$name/manifests/${digest/:/-}" > "$store/referrers.json" || rm -f "$store/referrers.json"
  for round in 1 2 3; do
    while read -r kind item; do
      get "$name/$kind/$item" > "$store/${item/:/-}"
    done < <("$verify_stored" --list "$key" "$base/$name:t" "$digest" "$store")
  done
  "$verify_stored" "$key" "$base/$name:t" "$digest" "$store"
}

failures=0
# expect NAME DIGEST KEY accept|refuse COSIGN-ARGUMENT…: cosign and schedkit say the same, and it is what is expected.
expect() {
  local name=$1 digest=$2 key=$3 wanted=$4 theirs=refuse our=refuse text
  shift 4
  "$@" verify --key "$key" --insecure-ignore-tlog=true "$base/$name@$digest" > /dev/null 2> cosign.log && theirs=accept
  text=$(ours "$name" "$digest" "$key" 2>&1) && our=accept
  echo "$name, $(basename "$key"): cosign says $theirs, schedkit $our: $text"
  [ "$theirs" = "$wanted" ] || { echo "FAILED: cosign was expected to $wanted"; cat cosign.log; failures=$((failures + 1)); }
  [ "$our" = "$wanted" ] || { echo "FAILED: schedkit was expected to $wanted"; failures=$((failures + 1)); }
}

# make_key NAME OPENSSL-GENPKEY-ARGUMENT…: NAME.key and NAME.pub as cosign keeps them.
make_key() {
  local name=$1
  shift
  openssl genpkey -quiet "$@" -out "$name.pem" 2> /dev/null
  "$cosign3" import-key-pair --key "$name.pem" --output-key-prefix "$name" > /dev/null 2>&1 || die "cosign cannot import $name"
}
make_key ecdsa -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key other -algorithm EC -pkeyopt ec_paramgen_curve:P-256
make_key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
make_key ed25519 -algorithm ED25519
"$cosign3" signing-config create --out empty-config.json > /dev/null 2>&1

old_format() { "$cosign3" sign --key "$1.key" --tlog-upload=false --new-bundle-format=false --use-signing-config=false --yes "$2" > sign.log 2>&1; }
new_format() { "$cosign3" sign --key "$1.key" --signing-config empty-config.json --yes "$2" > sign.log 2>&1; }

for key in ecdsa rsa; do
  digest=$(push "old-$key")
  old_format "$key" "$base/old-$key@$digest" || { cat sign.log; die "cosign cannot sign"; }
  expect "old-$key" "$digest" "$key.pub" accept "$cosign3"
  expect "old-$key" "$digest" other.pub refuse "$cosign3"
done
for key in ecdsa rsa; do
  digest=$(push "new-$key")
  new_format "$key" "$base/new-$key@$digest" || { cat sign.log; die "cosign cannot sign"; }
  expect "new-$key" "$digest" "$key.pub" accept "$cosign3"
  expect "new-$key" "$digest" other.pub refuse "$cosign3"
done

# cosign 3 signs with Ed25519ph, which it cannot verify itself.
digest=$(push new-ed25519)
new_format ed25519 "$base/new-ed25519@$digest" || { cat sign.log; die "cosign cannot sign"; }
expect new-ed25519 "$digest" ed25519.pub refuse "$cosign3"

digest=$(push unsigned)
expect unsigned "$digest" ecdsa.pub refuse "$cosign3"

# cosign 2 makes its own key and knows only the older format.
"$cosign2" generate-key-pair --output-key-prefix two > /dev/null 2>&1
digest=$(push two)
"$cosign2" sign --key two.key --tlog-upload=false --yes "$base/two@$digest" > sign.log 2>&1 || { cat sign.log; die "cosign 2 cannot sign"; }
expect two "$digest" two.pub accept "$cosign2"
expect two "$digest" ecdsa.pub refuse "$cosign2"
"$cosign2" import-key-pair --key ed25519.pem --output-key-prefix pure > /dev/null 2>&1 || die "cosign 2 cannot import an Ed25519 key"
digest=$(push pure)
"$cosign2" sign --key pure.key --tlog-upload=false --yes "$base/pure@$digest" > sign.log 2>&1 || { cat sign.log; die "cosign 2 cannot sign"; }
expect pure "$digest" pure.pub accept "$cosign2"

# A signature of one image, put at the tag of another.
victim=$(push victim)
other=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$base/old-ecdsa:t")
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$base/old-ecdsa:${other/:/-}.sig" "docker://$base/victim:${victim/:/-}.sig"
expect victim "$victim" ecdsa.pub refuse "$cosign3"

[ "$failures" = 0 ] || die "$failures differences"
echo "cosign and schedkit agree"
