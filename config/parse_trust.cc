#include "config/parse_trust.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "core/base/text.h"
#include "core/image/reference.h"
#include "core/image/trust/scope.h"

namespace schedkit {
namespace {

using std::literals::operator""sv;

constexpr std::array key_members{"keys"sv, "identity"sv, "tlog"sv, "trusted-root"sv};
constexpr std::array keyless_members{"issuer"sv, "subject"sv, "subject-prefix"sv, "trusted-root"sv};

// Keys that mean nothing to this type are mistakes, and mistakes here open doors.
void only(TableReader& reader, const std::string& type, std::span<const std::string_view> allowed) {
  for (const Key& key : trust_requirement_schema.keys) {
    if (key.name == "type" || !reader.has(key.name) || std::ranges::find(allowed, key.name) != allowed.end()) continue;
    reader.problems().error(reader.key_place(key.name), fmt::format("{} has no {}", type, key.name));
  }
}

void require_path(TableReader& reader, std::string_view key, const std::string& path) {
  if (path.starts_with('/')) return;
  reader.problems().error(reader.value_place(key), fmt::format("{} is {}; write an absolute path", key, quote(path)));
}

IdentityRule read_identity(TableReader& reader) {
  std::string identity = "repository";
  reader.read("identity", identity);
  if (identity == "repository") return {};
  if (identity == "any") return {IdentityRule::Match::any, {}};
  const auto reference = parse_policy_reference(identity);
  const std::string name = reference ? reference->domain + "/" + reference->path : "";
  if (name != identity) {
    reader.problems().error(
        reader.value_place("identity"),
        fmt::format("identity is {}; write \"repository\", \"any\", or a repository as \"registry.example/name\"",
                    quote(identity)));
  }
  return {IdentityRule::Match::named_repository, identity};
}

TrustRequirement read_key_signer(TableReader& reader) {
  only(reader, "sigstore-key", key_members);
  KeySigner signer;
  std::vector<std::string> paths;
  std::string tlog = "ignore";
  std::string trusted_root(default_trusted_root);
  reader.read("keys", paths);
  reader.read("tlog", tlog);
  reader.read("trusted-root", trusted_root);
  signer.identity = read_identity(reader);
  if (tlog == "require") signer.trusted_root = trusted_root;
  require_path(reader, "trusted-root", trusted_root);
  if (tlog != "require" && reader.has("trusted-root")) {
    reader.problems().error(reader.key_place("trusted-root"), "trusted-root has no meaning without tlog = \"require\"");
  }
  if (paths.empty()) {
    reader.problems().error(reader.value_place("keys"), "sigstore-key needs keys, as [\"/etc/schedkit/keys/a.pem\"]");
  }
  for (std::string& path : paths) {
    require_path(reader, "keys", path);
    signer.keys.push_back({.path = std::move(path)});
  }
  return SignedBy{{std::move(signer)}};
}

TrustRequirement read_keyless_signer(TableReader& reader) {
  only(reader, "sigstore-keyless", keyless_members);
  KeylessSigner signer;
  reader.read("issuer", signer.issuer);
  reader.read("subject", signer.subject);
  reader.read("subject-prefix", signer.subject_prefix);
  reader.read("trusted-root", signer.trusted_root);
  require_path(reader, "trusted-root", signer.trusted_root);
  if (signer.issuer.empty()) {
    reader.problems().error(reader.value_place("issuer"),
                            "sigstore-keyless needs an issuer, as \"https://token.actions.githubusercontent.com\"");
  }
  if (signer.subject.empty() == signer.subject_prefix.empty()) {
    reader.problems().error(reader.value_place("subject"),
                            "sigstore-keyless needs either subject or subject-prefix, as "
                            "\"https://github.com/schedkit/\"");
  }
  return SignedBy{{std::move(signer)}};
}

TrustRequirement read_requirement(const Node& node, const std::string& title, Problems& problems) {
  TableReader reader(node, trust_requirement_schema, title, problems);
  std::string type;
  reader.read("type", type);
  if (type == "sigstore-key") return read_key_signer(reader);
  if (type == "sigstore-keyless") return read_keyless_signer(reader);
  only(reader, type, {});
  if (type == "digest-pin") return DigestPin{};
  if (type == "root-owned-layout") return RootOwnedLayout{};
  if (type == "insecure-accept-anything") return AcceptAnything{};
  return Reject{};
}

TrustScope read_scope(const Node& node, Problems& problems) {
  TableReader reader(node, trust_scope_schema, "[[trust.scope]]", problems);
  TrustScope scope;
  reader.read("prefix", scope.prefix);
  scope.where = problems.at(reader.key_place("prefix"));
  if (auto good = check_scope(scope.prefix); !good && reader.has("prefix")) {
    problems.error(reader.value_place("prefix"), "prefix " + good.error().text);
  }
  for (const Node* requirement : reader.tables("require")) {
    scope.require.push_back(read_requirement(*requirement, "require of scope " + quote(scope.prefix, 64), problems));
  }
  if (scope.require.empty() && reader.has("require")) {
    problems.error(reader.value_place("require"),
                   "require is empty; name what must hold, or { type = \"reject\" } if nothing may pass");
  }
  return scope;
}

}  // namespace

TrustPolicy parse_trust(TableReader& trust) {
  TrustPolicy policy = shipped_trust_policy();
  policy.source = trust.problems().file;
  std::string otherwise = "reject";
  trust.read("default", otherwise);
  if (otherwise == "insecure-accept-anything") policy.otherwise = {AcceptAnything{}};
  std::map<std::string, Where> seen;
  for (const Node* node : trust.tables("scope")) {
    TrustScope scope = read_scope(*node, trust.problems());
    const auto [first, fresh] = seen.try_emplace(scope.prefix, scope.where);
    if (!fresh) {
      trust.problems().error(
          {scope.where.line, scope.where.column},
          fmt::format("prefix {} has a scope in line {} already", quote(scope.prefix, 64), first->second.line));
    }
    set_scope(policy, std::move(scope));
  }
  return policy;
}

}  // namespace schedkit
