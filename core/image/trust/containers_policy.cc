#include "core/image/trust/containers_policy.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/text.h"
#include "core/image/json.h"
#include "core/image/reference.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/scope.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_policy = 1u << 20;

using Match = IdentityRule::Match;

Result<void> only_members(const Json& object, std::string_view what, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : object.items()) {
    if (std::ranges::find(known, std::string_view(name)) == known.end()) {
      return fail(Errc::invalid, "unknown member {} in {}", quote(name, 64), what);
    }
  }
  return {};
}

// keyPath, keyPaths, keyData, keyDatas of `name` "key", and the same for "rekorPublicKey".
Result<std::vector<KeySource>> read_keys(JsonFields& fields, const std::string& name) {
  std::vector<KeySource> keys;
  const std::string path = fields.text((name + "Path").c_str());
  if (!path.empty()) keys.push_back({.path = path});
  for (std::string& one : fields.texts((name + "Paths").c_str())) keys.push_back({.path = std::move(one)});
  std::vector<std::string> encoded = fields.texts((name + "Datas").c_str());
  if (const std::string data = fields.text((name + "Data").c_str()); !data.empty()) encoded.push_back(data);
  for (const std::string& data : encoded) {
    auto pem = decode_base64(data);
    if (!pem) return fail(with_context(std::move(pem.error()), name + "Data"));
    keys.push_back({.pem = std::move(*pem)});
  }
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return keys;
}

Result<std::string> named(JsonFields& fields, const char* key, bool with_tag) {
  const std::string text = fields.required_text(key);
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  auto reference = parse_reference(text);
  if (!reference) return fail(std::move(reference.error()));
  return with_tag ? reference->to_string() : reference->domain + "/" + reference->path;
}

// Errc::unsupported for what the caller turns into a rejection.
Result<IdentityRule> read_identity(const Json& json) {
  JsonFields fields(json, "signedIdentity");
  const std::string type = fields.text("type");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (type.empty() || type == "matchRepoDigestOrExact") return IdentityRule{Match::exact_or_digest, {}};
  if (type == "matchExact") return IdentityRule{Match::exact, {}};
  if (type == "matchRepository") return IdentityRule{Match::repository, {}};
  if (type == "exactReference" || type == "exactRepository") {
    const bool whole = type == "exactReference";
    auto name = named(fields, whole ? "dockerReference" : "dockerRepository", whole);
    if (!name) return fail(std::move(name.error()));
    return IdentityRule{whole ? Match::named_reference : Match::named_repository, std::move(*name)};
  }
  if (type == "remapIdentity") return fail(Errc::unsupported, "remapIdentity is not supported");
  return fail(Errc::invalid, "unknown signedIdentity {}", quote(type, 64));
}

Result<TrustRequirement> read_sigstore_signed(const Json& json) {
  JsonFields fields(json, "sigstoreSigned");
  auto known =
      only_members(json, "sigstoreSigned",
                   {"type", "keyPath", "keyPaths", "keyData", "keyDatas", "fulcio", "pki", "rekorPublicKeyPath",
                    "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas", "signedIdentity"});
  if (!known) return fail(std::move(known.error()));
  KeySigner signer;
  auto keys = read_keys(fields, "key");
  if (!keys) return fail(std::move(keys.error()));
  auto log_keys = read_keys(fields, "rekorPublicKey");
  if (!log_keys) return fail(std::move(log_keys.error()));
  auto identity = read_identity(fields.object("signedIdentity"));
  const bool unsupported = !identity && identity.error().code == Errc::unsupported;
  if (!identity && !unsupported) return fail(std::move(identity.error()));
  if (fields.has("fulcio")) {
    return Reject{"policy.json's fulcio names no certificate log; write [[trust.scope]] with sigstore-keyless instead"};
  }
  if (fields.has("pki")) return Reject{"policy.json's pki is not supported"};
  if (unsupported) return Reject{"policy.json: " + identity.error().text};
  if (keys->empty()) return fail(Errc::invalid, "sigstoreSigned needs a key, as keyPath");
  return SignedBy{{KeySigner{std::move(*keys), std::move(*identity), {}, std::move(*log_keys)}}};
}

Result<TrustRequirement> read_requirement(const Json& json) {
  JsonFields fields(json, "requirement");
  const std::string type = fields.required_text("type");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (type == "sigstoreSigned") return read_sigstore_signed(json);
  if (type == "signedBy") return Reject{"policy.json's signedBy (GPG) is not supported"};
  if (type != "insecureAcceptAnything" && type != "reject") {
    return fail(Errc::invalid, "unknown requirement {}", quote(type, 64));
  }
  if (auto known = only_members(json, type, {"type"}); !known) return fail(std::move(known.error()));
  if (type == "reject") return Reject{};
  return AcceptAnything{};
}

Result<std::vector<TrustRequirement>> read_requirements(const Json& json) {
  if (!json.is_array() || json.empty()) return fail(Errc::invalid, "a list of requirements that is not empty");
  std::vector<TrustRequirement> requirements;
  for (const Json& item : json) {
    auto requirement = read_requirement(item);
    if (!requirement) return fail(std::move(requirement.error()));
    requirements.push_back(std::move(*requirement));
  }
  return requirements;
}

Result<TrustPolicy> read_policy(const Json& json, const std::string& file) {
  JsonFields fields(json, "policy.json");
  const Json& transports = fields.object("transports");
  JsonFields transport_fields(transports, "transports");
  const Json& docker = transport_fields.object("docker");
  for (const JsonFields* read : {&fields, &transport_fields}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  if (auto known = only_members(json, "the policy", {"default", "transports"}); !known) {
    return fail(std::move(known.error()));
  }
  if (!fields.has("default")) return fail(Errc::invalid, "\"default\" is missing");
  TrustPolicy policy;
  policy.source = file;
  auto otherwise = read_requirements(json.at("default"));
  if (!otherwise) return fail(with_context(std::move(otherwise.error()), "default"));
  policy.otherwise = std::move(*otherwise);
  for (const auto& [scope, value] : docker.items()) {
    auto require = read_requirements(value);
    if (!require) return fail(with_context(std::move(require.error()), "scope " + quote(scope)));
    // The empty scope is the transport's own default; oci: layouts keep the general one.
    if (scope.empty()) {
      set_scope(policy, {.prefix = "oci:", .require = std::move(policy.otherwise)});
      policy.otherwise = std::move(*require);
      continue;
    }
    if (auto good = check_scope(scope); !good) return fail(with_context(std::move(good.error()), "scope"));
    policy.scopes.push_back({.prefix = scope, .require = std::move(*require)});
  }
  return policy;
}

}  // namespace

Result<TrustPolicy> parse_containers_policy(std::string_view json, const std::string& file) {
  auto document = parse_json(json, largest_policy);
  auto policy = document ? read_policy(*document, file) : Result<TrustPolicy>(fail(std::move(document.error())));
  if (!policy) policy.error().where = {file, 0, 0};
  return policy;
}

}  // namespace schedkit
