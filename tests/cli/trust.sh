#!/bin/bash
# trust.sh BIN: whom schedkitd believes, against Debian's docker-registry with images that cosign (Debian sid) signed in both of its
# formats: what cosign accepts is pulled, what it refuses is refused; policies by file, flag and variable; older images; evidence
# that was changed or is gone; the shipped policy. Needs docker-registry, skopeo, umoci, jq and, the first time, the network.
set -u
. "$(dirname "$0")/../lib/common.sh"
bin=$(realpath "$1")
skip() { echo "SKIPPED: $*"; exit 77; }
command -v jq > /dev/null || skip "jq is not installed"
. "$(dirname "$0")/registry_lib.sh"
. "$schedkit_root/tests/lib/cosign.sh"
fetch_cosigns || skip "no cosign of Debian: the network is not there"

export HOME=$work COSIGN_PASSWORD=
unset SCHEDCTL_TRUST_POLICY SCHEDCTL_ALLOW_UNSIGNED
cd "$work"

# push NAME TAG VERSION: an image of its own under both names; sets digest.
push() {
  rm -rf layout tree && mkdir tree
  head -c 512 /dev/urandom > tree/scx
  umoci init --layout layout && umoci new --image "layout:$2" && umoci insert --image "layout:$2" tree /bin &&
    umoci config --image "layout:$2" --config.entrypoint /bin/scx --config.label "org.opencontainers.image.version=$3" &&
    skopeo copy -q --dest-tls-verify=false "oci:layout:$2" "docker://$address/$1:$2" || { echo "FAIL: cannot push $1"; exit 1; }
  digest=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$address/$1:$2")
}

sign() {  # sign old|new KEY NAME, of $digest
  case $1 in
    old) "$cosign3" sign --key "$2.key" --tlog-upload=false --new-bundle-format=false --use-signing-config=false --yes "$address/$3@$digest" ;;
    new) "$cosign3" sign --key "$2.key" --signing-config empty.json --yes "$address/$3@$digest" ;;
  esac > sign.log 2>&1 || { cat sign.log; echo "FAIL: cosign cannot sign"; exit 1; }
}

# agree NAME TAG pull|refuse: cosign and schedkit say so.
agree() {
  local theirs=refuse
  "$cosign3" verify --key team.pub --insecure-ignore-tlog=true "$address/$1@$digest" > /dev/null 2> cosign.log && theirs=pull
  [ "$theirs" = "$3" ] || { echo "FAIL: cosign was expected to $3 $1"; cat cosign.log; failures=$((failures + 1)); }
  case $3 in
    pull)
      expect 0 "$address/$1:$2 sha256:" "$schedctl" pull "$address/$1:$2"
      expect 0 "trusted: $address/$1:$2" "$schedctl" verify "$address/$1:$2"
      expect 0 "trusted:       yes" "$bin/schedctl-image" --root "$work/root" info "$address/$1:$2"
      ;;
    refuse)
      expect 3 "$address/$1:$2 is not trusted" "$schedctl" pull "$address/$1:$2"
      expect 3 "not trusted: $address/$1:$2" "$schedctl" verify "$address/$1:$2"
      expect 0 "trusted:       no" "$bin/schedctl-image" --root "$work/root" info "$address/$1:$2"
      ;;
  esac
}

for key in team other; do "$cosign3" generate-key-pair --output-key-prefix "$key" > /dev/null 2>&1; done
"$cosign3" signing-config create --out empty.json > /dev/null 2>&1
start_registry plain
mkdir -p root/etc/schedkit root/etc/containers keys
cp team.pub keys/team.pub
# What the shipped policy is about, here.
cat > root/etc/containers/registries.conf <<END
[[registry]]
prefix = "ghcr.io/schedkit"
location = "$address/schedkit"
insecure = true
END
trust_key() {
  cat > root/etc/schedkit/schedkit.toml <<END
[trust]
[[trust.scope]]
prefix = "$address/team"
require = [ { type = "sigstore-key", keys = ["$1"] } ]
END
}
trust_key "$work/keys/team.pub"
start_daemon

# Both formats; the wrong key; none; a signature of another image.
for format in old new; do
  push "team/$format" v1 1.0
  sign "$format" team "team/$format"
  agree "team/$format" v1 pull
  push "team/$format-other" v1 1.0
  sign "$format" other "team/$format-other"
  agree "team/$format-other" v1 refuse
done
sign old team team/new-other
# One good signature of several will do; cosign 3 has to be told to look at the older format beside bundles.
expect 0 "" "$cosign3" verify --key team.pub --insecure-ignore-tlog=true --new-bundle-format=false "$address/team/new-other@$digest"
expect 0 "trusted: $address/team/new-other:v1" "$schedctl" verify "$address/team/new-other:v1"
push team/unsigned v1 1.0
agree team/unsigned v1 refuse
unsigned=$address/team/unsigned:v1
expect 3 "is not signed; \`schedctl pull --allow-unsigned\` takes it on your own account" "$schedctl" pull "$unsigned"
theirs=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$address/team/old:v1")
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$address/team/old:${theirs/:/-}.sig" \
  "docker://$address/team/unsigned:${digest/:/-}.sig"
agree team/unsigned v1 refuse
expect 3 "what is signed" "$schedctl" pull "$unsigned"
push elsewhere/x v1 1.0
sign old team elsewhere/x
expect 3 "rejected by the trust policy" "$schedctl" pull "$address/elsewhere/x:v1"  # a scope's key is no other scope's

# What a machine reads.
signed=$address/team/old:v1
expect 0 "true $address/team sigstore-key simple-signing store" sh -c \
  "'$schedctl' verify -o json '$signed' | jq -r '\"\(.trusted) \(.scope) \(.proofs[0].requirement) \(.proofs[0].format) \(.from)\"'"
expect 0 "bundle-dsse" "$schedctl" verify -o json "$address/team/new:v1"
expect 3 '"trusted": false' "$schedctl" verify -o json "$unsigned"
expect 1 "does-not-exist" "$schedctl" verify "$address/team/does-not-exist:v1"
expect 1 "" "$schedctl" verify "not a reference"
[ "$("$schedctl" images | grep -c unsigned)" = 0 ] || expect 0 "images of refused ones" false

# Policies by flag, variable and file; on one's own account.
cat > own.yaml <<END
keys: [{path: $work/other.pub}]
END
theirs=$address/team/old-other:v1
expect 0 "trusted: $theirs" "$schedctl" verify --trust-policy own.yaml "$theirs"
expect 0 "$theirs sha256:" "$schedctl" pull --trust-policy own.yaml "$theirs"
expect 0 "policy: $work/own.yaml" "$schedctl" verify "$theirs"
expect 0 "" env SCHEDCTL_TRUST_POLICY=own.yaml "$schedctl" pull "$theirs"
expect 3 "is not trusted" env SCHEDCTL_TRUST_POLICY=own.yaml "$schedctl" pull "$signed"
expect 0 "trusted: $signed" "$schedctl" verify "$signed"
expect 3 "does-not-exist.yaml" "$schedctl" pull --trust-policy does-not-exist.yaml "$signed"
expect 64 "" "$schedctl" pull --trust-policy own.yaml --allow-unsigned "$signed"
expect 0 "$unsigned sha256:" "$schedctl" pull --allow-unsigned "$unsigned"
expect 0 "on somebody's own account (--allow-unsigned)" "$schedctl" verify "$unsigned"
expect 0 "removed $unsigned" "$schedctl" rm "$unsigned"
expect 0 "" env SCHEDCTL_ALLOW_UNSIGNED=1 "$schedctl" pull "$unsigned"
expect 3 "is not trusted" env SCHEDCTL_ALLOW_UNSIGNED=1 "$schedctl" pull --trust-policy own.yaml "$unsigned"

# run pulls first when something is said about trust; here it cannot start what is no program.
expect 0 "removed $unsigned" "$schedctl" rm "$unsigned"
expect 3 "is not trusted" "$schedctl" run --trust-policy own.yaml "$unsigned"
expect 1 "" "$schedctl" run --allow-unsigned "$unsigned"
expect 0 "on somebody's own account" "$schedctl" verify "$unsigned"
expect 1 "nobodys_scheduler is no image of the catalogue" "$schedctl" run --allow-unsigned nobodys_scheduler
expect 0 "" "$schedctl" auto

# A tag that went back.
for version in 1.0.9 1.0.10; do
  push team/moving stable "$version"
  sign old team team/moving
  expect 0 "sha256:" "$schedctl" pull "$address/team/moving:stable"
  [ "$version" != 1.0.9 ] || older=$digest
done
newer=$digest digest=$older
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false "docker://$address/team/moving@$older" "docker://$address/team/moving:stable"
expect 3 "names an older image than before: $older (version \"1.0.9\"" "$schedctl" pull "$address/team/moving:stable"
expect 0 "digest: $newer" "$schedctl" verify "$address/team/moving:stable"
expect 0 "$older" "$schedctl" pull --allow-downgrade "$address/team/moving:stable"
expect 0 "digest: $older" "$schedctl" verify "$address/team/moving:stable"

# The shipped policy wants the catalogue's images keyless, and says so.
push schedkit/scx_test v1 1.0
expect 3 "ghcr.io/schedkit/scx_test:v1 is not trusted (scope \"ghcr.io/schedkit\"" "$schedctl" pull ghcr.io/schedkit/scx_test:v1
sign old team schedkit/scx_test
sign new team schedkit/scx_test
expect 3 "no acceptable signature" "$schedctl" pull ghcr.io/schedkit/scx_test:v1
cat > catalog.json <<END
{"scx_test": {"imageURI": "ghcr.io/schedkit/scx_test:v1"}}
END
expect 3 "not trusted: ghcr.io/schedkit/scx_test:v1" env SCHEDKIT_CATALOG=catalog.json "$schedctl" verify scx_test

# From here on nothing is asked: the registry is gone.
kill "${children[@]}"
wait "${children[@]}"
children=()
expect 0 "trusted: $signed" "$schedctl" verify "$signed"
cat > root/etc/schedkit/policy.toml <<END
[schedulers.signed]
image = "$signed"
[[rules]]
name = "signed"
use = "signed"
when = [ { power = { source = "battery" } } ]
END
refuses() {  # refuses TEXT [STATUS]: so does verify say, and so does making it ready for a start
  local before
  expect "${2:-3}" "$1" "$schedctl" verify "$signed"
  before=$(wc -c < log)
  expect 0 "" "$schedctl" reload
  for _ in $(seq 200); do
    tail -c "+$before" log | grep -F "image $signed cannot be used" | grep -qF "$1" && return
    pause 0.1
  done
  expect 0 "image $signed cannot be used: …$1" tail -c "+$before" log
}
for evidence in state/evidence/*.json; do
  [ "$(jq -r .record.reference "$evidence")" = "$signed" ] && break
done
cp "$evidence" evidence.json
jq '.material.simple[0].payload |= (.[:40] + "A" + .[41:])' evidence.json > "$evidence"
refuses "no acceptable signature"
jq 'del(.material.simple[0])' evidence.json > "$evidence"
refuses "is not signed"
jq '.record.reference = "127.0.0.1:1/team/x:v1"' evidence.json > "$evidence"
refuses "is about 127.0.0.1:1/team/x:v1"
head -c 100 evidence.json > "$evidence"
refuses "damaged"
rm "$evidence"
refuses "$address" 1
cp evidence.json "$evidence"
expect 0 "trusted: $signed" "$schedctl" verify "$signed"

# Whom [trust] believes may change at any time.
trust_key "$work/other.pub"
expect 0 "" "$schedctl" reload
refuses "step 7 (signature)"
trust_key "$work/gone.pub"
expect 0 "" "$schedctl" reload
refuses "gone.pub"
cat > root/etc/schedkit/schedkit.toml <<END
[trust]
file = "$work/policy.json"
END
expect 0 "" "$schedctl" reload
refuses "nothing is trusted while the trust policy cannot be used"
cat > policy.json <<END
{"default": [{"type": "reject"}],
 "transports": {"docker": {"$address/team": [{"type": "sigstoreSigned", "keyPath": "$work/team.pub",
  "signedIdentity": {"type": "matchRepository"}}]}}}
END
expect 0 "policy: $work/policy.json" "$schedctl" verify "$signed"

finish && echo "schedkit believes whom it should"
