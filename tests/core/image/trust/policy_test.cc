// Scopes, requirements, policy.json.
#include "core/image/trust/containers_policy.h"
#include "core/image/trust/identity.h"
#include "core/image/trust/scope.h"
#include "core/image/trust/verify.h"
#include "tests/core/image/trust/sigstore_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

const std::string hex = digest_for("image").to_string();

std::string scope_of(const TrustPolicy& policy, const std::string& image) {
  const TrustScope* scope = find_scope(policy, *parse_reference(image));
  return scope == nullptr ? "-" : scope->prefix;
}

Result<TrustRecord> judge(const TrustPolicy& policy, const std::string& image, bool root_owned = false) {
  const TrustSubject subject{*parse_reference(image), digest_for("image"), std::nullopt, root_owned};
  return verify_trust(policy, {}, subject, {}, WallTime{});
}

void denies(const Result<TrustRecord>& record, const std::string& part) {
  CHECK_FALSE(record.has_value());
  CHECK_TEXT(record.error().text.find(part) != std::string::npos, record.error().text.c_str());
}

}  // namespace

TEST_GROUP(TrustScope){};

TEST(TrustScope, the_most_specific_one_alone) {
  TrustPolicy policy;
  for (const char* prefix : {"*.example.com", "reg.example.com", "reg.example.com/a", "reg.example.com/a/b",
                             "reg.example.com/a/b:1", "oci:", "oci:/srv/images"}) {
    CHECK_TEXT(check_scope(prefix).has_value(), prefix);
    policy.scopes.push_back({.prefix = prefix});
  }
  policy.scopes.push_back({.prefix = "reg.example.com/a/b@" + hex});
  STRCMP_EQUAL("reg.example.com/a/b:1", scope_of(policy, "reg.example.com/a/b:1").c_str());
  STRCMP_EQUAL("reg.example.com/a/b", scope_of(policy, "reg.example.com/a/b:2").c_str());
  STRCMP_EQUAL(("reg.example.com/a/b@" + hex).c_str(), scope_of(policy, "reg.example.com/a/b:1@" + hex).c_str());
  STRCMP_EQUAL("reg.example.com/a", scope_of(policy, "reg.example.com/a/bc").c_str());
  STRCMP_EQUAL("reg.example.com", scope_of(policy, "reg.example.com/ab").c_str());
  STRCMP_EQUAL("*.example.com", scope_of(policy, "other.example.com:5000/a").c_str());
  STRCMP_EQUAL("*.example.com", scope_of(policy, "deep.other.example.com/a").c_str());
  STRCMP_EQUAL("-", scope_of(policy, "example.com/a").c_str());
  STRCMP_EQUAL("-", scope_of(policy, "reg.example.org/a").c_str());
  STRCMP_EQUAL("oci:/srv/images", scope_of(policy, "oci:/srv/images/x:t").c_str());
  STRCMP_EQUAL("oci:", scope_of(policy, "oci:/srv/images2:t").c_str());
}

TEST(TrustScope, refuses_what_can_never_match) {
  for (const char* prefix : {"", "ghcr.io/", "*", "*.", "*.example.com/a", "ghcr.io/*", "GHCR io", "docker.io/busybox",
                             "ghcr.io/Upper", "oci:relative", "oci:/a/../b", "oci:/a:tag", "a b/c"}) {
    CHECK_FALSE_TEXT(check_scope(prefix).has_value(), prefix);
  }
}

TEST_GROUP(TrustRequirements){};

TEST(TrustRequirements, all_must_hold_and_none_is_a_rejection) {
  TrustPolicy policy;
  denies(judge(policy, "ghcr.io/x/y:1"), "rejected by the trust policy");
  policy.otherwise = {AcceptAnything{}, DigestPin{}};
  denies(judge(policy, "ghcr.io/x/y:1"), "by digest; write ghcr.io/x/y:1@" + hex);
  auto record = judge(policy, "ghcr.io/x/y@" + hex);
  CHECK(record.has_value());
  LONGS_EQUAL(2, record->proofs.size());
  denies(judge(policy, "ghcr.io/x/y@" + digest_for("other").to_string()), "found with digest");
  policy.otherwise = {};
  denies(judge(policy, "ghcr.io/x/y:1"), "nothing is required");
  policy.otherwise = {AcceptAnything{}};
  policy.scopes = {{.prefix = "ghcr.io/x", .require = {Reject{"because"}}}};
  denies(judge(policy, "ghcr.io/x/y:1"), "because");
  CHECK(judge(policy, "ghcr.io/z/y:1").has_value());
}

TEST(TrustRequirements, the_shipped_policy) {
  const TrustPolicy policy = shipped_trust_policy();
  denies(judge(policy, "docker.io/library/x:1"), "rejected");
  denies(judge(policy, "ghcr.io/schedkit/scx_lavd:1"), "is not signed");
  denies(judge(policy, "oci:/srv/x:1"), "root owns");
  CHECK(judge(policy, "oci:/srv/x:1", true).has_value());
  CHECK(needs_signatures(policy, *parse_reference("ghcr.io/schedkit/scx_lavd:1")));
  CHECK_FALSE(needs_signatures(policy, *parse_reference("ghcr.io/schedkitx/scx_lavd:1")));
}

TEST_GROUP(Identity){};

TEST(Identity, exact_prefix_and_regular_expression) {
  const SignerIdentity identity{"https://issuer.example", "https://github.com/schedkit/x"};
  CHECK(require_identity(identity, {.issuer = identity.issuer, .subject = identity.subject}).has_value());
  CHECK(require_identity(identity, {.issuer = identity.issuer, .subject_prefix = "https://github.com/schedkit/"})
            .has_value());
  CHECK(require_identity(identity, {.issuer_regexp = "issuer", .subject_regexp = R"(^https://github\.com/schedkit/.*)"})
            .has_value());
  CHECK_FALSE(require_identity(identity, {.issuer = identity.issuer}).has_value());
  CHECK_FALSE(require_identity(identity, {.subject = identity.subject}).has_value());
  CHECK_FALSE(
      require_identity(identity, {.issuer = identity.issuer, .subject = "https://github.com/schedkit/"}).has_value());
  CHECK_FALSE(require_identity(identity, {.issuer = identity.issuer, .subject_regexp = "^schedkit"}).has_value());
  CHECK_FALSE(require_identity(identity, {.issuer = identity.issuer, .subject_regexp = "("}).has_value());
  CHECK_FALSE(check_regexp("(").has_value());
  CHECK(check_regexp("(a+)+$").has_value());
}

TEST_GROUP(ContainersPolicy){
    static TrustPolicy parse(const std::string& json){auto policy = parse_containers_policy(json, "policy.json");
if (!policy) FAIL(policy.error().describe().c_str());
return *policy;
}
static void refuses(const std::string& json, const std::string& part) {
  auto policy = parse_containers_policy(json, "policy.json");
  CHECK_FALSE(policy.has_value());
  CHECK_TEXT(policy.error().describe().find(part) != std::string::npos, policy.error().text.c_str());
  STRCMP_EQUAL("policy.json", policy.error().where.file.c_str());
}
static TrustRequirement only(const std::string& requirement) {
  return parse(R"({"default":[)" + requirement + "]}").otherwise.at(0);
}
}
;

TEST(ContainersPolicy, scopes_and_default) {
  const auto policy = parse(R"({"default":[{"type":"reject"}],"transports":{"docker-daemon":{"":[{"type":"x"}]},
      "docker":{"ghcr.io/a":[{"type":"insecureAcceptAnything"}]}}})");
  CHECK(judge(policy, "ghcr.io/a/b:1").has_value());
  denies(judge(policy, "ghcr.io/b/b:1"), "rejected");
  const auto transport =
      parse(R"({"default":[{"type":"reject"}],"transports":{"docker":{"":[{"type":"insecureAcceptAnything"}]}}})");
  CHECK(judge(transport, "ghcr.io/b/b:1").has_value());
  denies(judge(transport, "oci:/x:1"), "rejected");
}

TEST(ContainersPolicy, sigstore_signed) {
  const auto requirement = only(R"({"type":"sigstoreSigned","keyPath":"/a.pem","rekorPublicKeyData":"cGVt",
      "signedIdentity":{"type":"matchRepository"}})");
  const KeySigner expected{.keys = {{.path = "/a.pem"}}, .log_keys = {{.pem = "pem"}}};
  CHECK(requirement == TrustRequirement(SignedBy{{expected}}));
  const auto exact =
      std::get<KeySigner>(std::get<SignedBy>(only(R"({"type":"sigstoreSigned","keyData":"cGVt"})")).any_of.at(0));
  CHECK(exact.identity.match == IdentityRule::Match::exact_or_digest);
}

TEST(ContainersPolicy, what_cannot_be_checked_rejects_with_a_reason) {
  for (const char* requirement :
       {R"({"type":"signedBy","keyType":"GPGKeys","keyPath":"/k"})",
        R"({"type":"sigstoreSigned","fulcio":{"caPath":"/ca"},"rekorPublicKeyPath":"/r"})",
        R"({"type":"sigstoreSigned","pki":{}})",
        R"({"type":"sigstoreSigned","keyPath":"/k","signedIdentity":{"type":"remapIdentity"}})"}) {
    const auto parsed = only(requirement);
    CHECK_TEXT(std::holds_alternative<Reject>(parsed), requirement);
    CHECK(!std::get<Reject>(parsed).reason.empty());
  }
}

TEST(ContainersPolicy, errors) {
  refuses("{}", "\"default\" is missing");
  refuses(R"({"default":[]})", "default");
  refuses(R"({"default":[{"type":"accept"}]})", "unknown requirement \"accept\"");
  refuses(R"({"default":[{"type":"reject","x":1}]})", "unknown member \"x\"");
  refuses(R"({"default":[{"type":"reject"}],"x":1})", "unknown member \"x\"");
  refuses(R"({"default":[{"type":"sigstoreSigned"}]})", "needs a key");
  refuses(R"({"default":[{"type":"sigstoreSigned","keyPaht":"/a"}]})", "unknown member \"keyPaht\"");
  refuses(R"({"default":[{"type":"reject"}],"transports":{"docker":{"ghcr.io/":[{"type":"reject"}]}}})", "ghcr.io/");
  refuses("[]", "not a JSON object");
}
