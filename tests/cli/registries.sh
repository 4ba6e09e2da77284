#!/bin/bash
# registries.sh BIN: every way to Debian's docker-registry: plain, TLS with an own authority (certs.d), htpasswd, bearer tokens of the
# tests' own token server, mirrors, blocked and insecure registries (registries.conf); images of skopeo, umoci and `schedctl push`;
# versions, info and the catalogue.
set -u
bin=$1
. "$(dirname "$0")/registry_lib.sh"
containers=$work/root/etc/containers
image=$bin/schedctl-image

make_certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tests -keyout "$work/ca.key" -out "$work/ca.crt" 2> /dev/null &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=127.0.0.1 -keyout "$work/tls.key" -out "$work/tls.csr" 2> /dev/null &&
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
      -extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost) -out "$work/tls.crt" 2> /dev/null
}

# pull_again REFERENCE: fetched, whole, and read by the others; then removed.
pull_again() {
  expect 0 "$1 sha256:" "$schedctl" pull --allow-unsigned "$1"
  expect_clean
  expect 0 '"Digest"' skopeo inspect "oci:$work/state/store:$1"
  rm -rf "$work/bundle"
  expect 0 "" umoci unpack --image "$work/state/store:$1" "$work/bundle"
  expect 0 "removed $1" "$schedctl" rm "$1"
}

make_certificate || { echo "FAIL: openssl makes no certificates"; exit 1; }
htpasswd -Bbc "$work/users" reader secret 2> /dev/null
start_registry plain
plain=$address
start_registry tls "tls: {certificate: $work/tls.crt, key: $work/tls.key}"
tls=$address
start_registry private "tls: {certificate: $work/tls.crt, key: $work/tls.key}" "auth: {htpasswd: {realm: tests, path: $work/users}}"
private=$address
start_proxy "$plain"
export REGISTRY_AUTH_FILE=$work/auth.json
echo '{}' > "$REGISTRY_AUTH_FILE"
start_daemon

# --- pack and push: the same bytes again; all that is needed, without another tool ---
printf 'int main(void){for(;;);}' > "$work/scx.c" && gcc -static -o "$work/scx_mine" "$work/scx.c" || { echo "FAIL: gcc -static"; exit 1; }
pack() {
  "$schedctl" pack "$work/scx_mine" --layout "$1" --tag "$2" --label org.opencontainers.image.title=mine \
    --label "org.opencontainers.image.version=$2" --label "org.schedkit.scheduler.kernel.min-version=${3:-6.12}" --arg=--fast
}
expect 0 "oci:$work/mine:1.9 sha256:" pack "$work/mine" 1.9
expect 0 "oci:$work/mine:1.10 sha256:" pack "$work/mine" 1.10
expect 0 "oci:$work/mine:99 sha256:" pack "$work/mine" 99 99.0
pack "$work/again" 1.9 > /dev/null
expect 0 "" cmp <(skopeo inspect --raw "oci:$work/mine:1.9") <(skopeo inspect --raw "oci:$work/again:1.9")
for tag in 1.9 1.10 99; do
  expect 0 "$plain/team/mine:$tag sha256:" "$schedctl" push "oci:$work/mine:$tag" "$plain/team/mine:$tag"
done
expect 0 '"digest": "sha256:' "$schedctl" push "oci:$work/mine:1.9" "$plain/team/mine:1.9" -o json # again, all is there
expect 0 '"mine"' skopeo inspect --tls-verify=false "docker://$plain/team/mine:1.9"
pull_again "$plain/team/mine:1.9"
expect 1 "holds no image tagged" "$schedctl" push "oci:$work/mine:none" "$plain/team/mine:none"
expect 1 "is no layout" "$schedctl" push "$plain/team/mine:1.9" "$plain/team/mine:none"
cp -r "$work/mine" "$work/damaged" && for blob in "$work"/damaged/blobs/sha256/*; do printf x >> "$blob"; done
expect 1 "bytes" "$schedctl" push "oci:$work/damaged:1.9" "$plain/team/damaged:1.9"
expect 1 "it is not there" "$schedctl" versions "$plain/team/damaged"

# An index of two platforms, pushed whole and pulled for this one.
skopeo inspect --raw "oci:$work/mine:1.9" > "$work/manifest.json"
python3 - "$work/mine" "$work/manifest.json" <<'END'
import hashlib, json, os, sys
layout, manifest = sys.argv[1], open(sys.argv[2], "rb").read()
entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:" + hashlib.sha256(manifest).hexdigest(), "size": len(manifest)}
machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
parts = [dict(entry, platform={"os": "linux", "architecture": name}) for name in ("mips", machine)]
index = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": parts}).encode()
digest = hashlib.sha256(index).hexdigest()
open(f"{layout}/blobs/sha256/{digest}", "wb").write(index)
top = json.load(open(layout + "/index.json"))
top["manifests"].append({"mediaType": "application/vnd.oci.image.index.v1+json", "digest": "sha256:" + digest, "size": len(index),
                         "annotations": {"org.opencontainers.image.ref.name": "both"}})
json.dump(top, open(layout + "/index.json", "w"))
END
expect 0 "$plain/team/mine:both sha256:" "$schedctl" push "oci:$work/mine:both" "$plain/team/mine:both"
expect 0 "index.v1+json" skopeo inspect --raw --tls-verify=false "docker://$plain/team/mine:both"
pull_again "$plain/team/mine:both"

# --- versions and info, before anything is pulled ---
expect 0 $'1.9\n1.10\n99\nboth' "$schedctl" versions "$plain/team/mine"
expect 0 '"1.10"' "$schedctl" versions "$plain/team/mine" -o json
expect 0 "kernel floor:  6.12" "$schedctl" info "$plain/team/mine:1.9"
expect 0 "needs" "$schedctl" info "$plain/team/mine:99"
expect 0 '"kernel_min_version": "6.12"' "$schedctl" info "$plain/team/mine:1.9" -o json
expect 0 "is not trusted" "$bin/schedctl-image" --root "$work/root" info "$plain/team/mine:1.9"
expect 0 '"trusted": false' "$bin/schedctl-image" --root "$work/root" info "$plain/team/mine:1.9" -o json
expect 1 "99.0" "$schedctl" pull --allow-unsigned "$plain/team/mine:99"
expect 1 "neither in the catalogue" env SCHEDKIT_CATALOG=<(echo '{}') "$schedctl" info scx_mine
expect 64 "" "$schedctl" info

# --- the catalogue ---
export SCHEDKIT_CATALOG=$work/catalog/catalog.json
mkdir "$work/published" && (cd "$work/published" && exec python3 -u -m http.server --bind 127.0.0.1 0 > "$work/published.log" 2>&1) &
children+=($!)
for _ in $(seq 100); do published=$(sed -n 's/.*(\(http:[^)]*\)).*/\1/p' "$work/published.log" 2> /dev/null) && [ -n "$published" ] && break; pause 0.1; done
printf '{"scx_mine": {"imageURI": "%s/team/mine"}}' "$plain" > "$work/published/good.json"
printf '{"scx_mine": {"imageURI": "oci:/tmp/evil"}}' > "$work/published/bad.json"
printf '{"scx_mine": {' > "$work/published/cut.json"
expect 0 "scx_mine" "$schedctl" list --refresh --from "${published}good.json"
expect 0 "\"imageURI\": \"$plain/team/mine\"" "$schedctl" list -o json
for wrong in bad cut missing; do
  expect 1 "stays as it was" "$schedctl" list --refresh --from "${published}$wrong.json"
  expect 0 "scx_mine" "$schedctl" list
done
expect 1 "stays as it was" "$schedctl" list --refresh --from http://registry.invalid/good.json
expect 0 $'1.9\n1.10' "$schedctl" versions scx_mine
expect 1 "latest" "$schedctl" info scx_mine

# --- many tags come in pages ---
for tag in $(seq 1200); do ln -s 1.9 "$work/plain/docker/registry/v2/repositories/team/mine/_manifests/tags/t$tag"; done
expect 0 "t1200" "$schedctl" versions "$plain/team/mine"
for tag in $(seq 1200); do rm "$work/plain/docker/registry/v2/repositories/team/mine/_manifests/tags/t$tag"; done

# --- TLS: refused without the authority, with certs.d let in ---
make_image v1 || { echo "FAIL: cannot make the test image"; exit 1; }
skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v1" "docker://$tls/team/scx:v1"
skopeo copy -q --dest-tls-verify=false --dest-creds reader:secret "oci:$work/layout:v1" "docker://$private/team/scx:v1"
expect 1 "certificate" "$schedctl" pull --allow-unsigned "$tls/team/scx:v1"
for host in "$tls" "$private"; do mkdir -p "$containers/certs.d/$host" && cp "$work/ca.crt" "$containers/certs.d/$host/"; done
pull_again "$tls/team/scx:v1"

# --- htpasswd: auth.json, its more special key, and docker's config.json ---
secret=$(printf reader:secret | base64) wrong=$(printf reader:wrong | base64)
expect 3 "" "$schedctl" pull --allow-unsigned "$private/team/scx:v1"
printf '{"auths": {"%s": {"auth": "%s"}}}' "$private" "$wrong" > "$REGISTRY_AUTH_FILE"
expect 3 "" "$schedctl" pull --allow-unsigned "$private/team/scx:v1"
printf '{"auths": {"%s": {"auth": "%s"}, "%s/team/scx": {"auth": "%s"}}}' "$private" "$wrong" "$private" "$secret" > "$REGISTRY_AUTH_FILE"
pull_again "$private/team/scx:v1"
printf '{"auths": {"https://%s/v1/": {"auth": "%s"}}, "HttpHeaders": {}}' "$private" "$secret" > "$REGISTRY_AUTH_FILE"
pull_again "$private/team/scx:v1"
expect 0 "v1" "$image" --root "$work/root" versions "$private/team/scx"
expect 0 "$private/new/mine:1 sha256:" "$image" --root "$work/root" push "oci:$work/mine:1.9" "$private/new/mine:1"

# --- bearer: a token for everybody, one for those with a password ---
skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v1" "docker://$plain/team/scx:v1"
skopeo copy -q --dest-tls-verify=false "oci:$work/layout:v1" "docker://$plain/private/scx:v1"
echo "bearer 1" > "$work/proxy/fault"
pull_again "$proxy/team/scx:v1"
expect 0 "/token?service=tests&scope=repository%3Ateam%2Fscx%3Apull -" cat "$work/proxy/requests"
expect 3 "" "$schedctl" pull --allow-unsigned "$proxy/private/scx:v1"
printf '{"auths": {"%s": {"auth": "%s"}}}' "$proxy" "$secret" > "$REGISTRY_AUTH_FILE"
pull_again "$proxy/private/scx:v1"
expect 0 "$proxy/team/mine:pushed sha256:" "$schedctl" push "oci:$work/mine:1.10" "$proxy/team/mine:pushed"
rm "$work/proxy/fault"

# --- registries.conf: read when the daemon starts ---
cat > "$containers/registries.conf" <<END
[[registry]]
prefix = "registry.test/team"
location = "$plain/team"
[[registry.mirror]]
location = "127.0.0.1:1/nobody"
[[registry.mirror]]
location = "$tls/team"
END
cat > "$containers/registries.conf.d/50-tests.conf" <<END
[[registry]]
location = "blocked.test"
blocked = true
[[registry]]
prefix = "insecure.test"
location = "$private"
insecure = true
END
rm -r "$containers/certs.d/$private"
printf '{"auths": {"insecure.test": {"auth": "%s"}, "%s": {"auth": "%s"}}}' "$secret" "$private" "$secret" > "$REGISTRY_AUTH_FILE"
stop_daemon
start_daemon
pull_again registry.test/team/scx:v1  # from the second mirror; the logical name is kept
pull_again registry.test/team/mine:1.9 # which only the registry itself has
expect 3 "blocked" "$schedctl" pull --allow-unsigned blocked.test/team/scx:v1
pull_again insecure.test/team/scx:v1
printf '[[registry]\n' > "$containers/registries.conf"
stop_daemon
start_daemon
expect 1 "registries.conf:1" "$schedctl" pull --allow-unsigned "$plain/team/scx:v1"
finish
