// [trust], upstream's YAML.
#include "config/load.h"
#include "config/parse.h"
#include "config/trust_yaml.h"
#include "tests/config/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(TrustSettings){static ParsedText parse_settings(std::string_view text){
    return parse_text(text, {"schedkit.toml", "s", PolicyLayer::admin});
}
}
;

TEST(TrustSettings, scopes_go_over_the_shipped_ones) {
  const auto parsed = parse_settings(R"(
[trust]
default = "insecure-accept-anything"
[[trust.scope]]
prefix = "ghcr.io/schedkit"
require = [ { type = "reject" } ]
[[trust.scope]]
prefix = "registry.lan:5000/scheds"
require = [ { type = "sigstore-key", keys = ["/a.pem", "/b.pem"], identity = "any", tlog = "require" }, { type = "digest-pin" } ]
[[trust.scope]]
prefix = "*.example.com"
require = [ { type = "sigstore-keyless", issuer = "https://i", subject-prefix = "https://s/", trusted-root = "/r" } ]
)");
  check_lines("", parsed.errors);
  check_lines("", parsed.warnings);
  TrustPolicy expected = shipped_trust_policy();
  expected.otherwise = {AcceptAnything{}};
  expected.scopes.at(1).require = {Reject{}};
  const KeySigner keys{.keys = {{.path = "/a.pem"}, {.path = "/b.pem"}},
                       .identity = {IdentityRule::Match::any, {}},
                       .trusted_root = std::string(default_trusted_root)};
  expected.scopes.push_back({.prefix = "registry.lan:5000/scheds", .require = {SignedBy{{keys}}, DigestPin{}}});
  const KeylessSigner keyless{.issuer = "https://i", .subject_prefix = "https://s/", .trusted_root = "/r"};
  expected.scopes.push_back({.prefix = "*.example.com", .require = {SignedBy{{keyless}}}});
  CHECK(parsed.text.settings->settings.trust == expected);
}

TEST(TrustSettings, errors_have_places) {
  const auto error = [](const std::string& requirement) {
    return lines_of(parse_settings("[[trust.scope]]\nprefix = \"a.b/c\"\nrequire = [ " + requirement + " ]\n").errors);
  };
  CHECK(contains(error("{ type = \"sigstore\" }"), "s:3:22: type is \"sigstore\"; it must be one of"));
  CHECK(contains(error("{ type = \"digest-pin\", keys = [\"/a\"] }"), "s:3:36: digest-pin has no keys"));
  CHECK(contains(error("{ type = \"sigstore-key\" }"), "needs keys"));
  CHECK(contains(error("{ type = \"sigstore-key\", keys = [\"a\"] }"), "absolute path"));
  CHECK(contains(error("{ type = \"sigstore-key\", keys = [\"/a\"], identity = \"x\" }"), "identity is \"x\""));
  CHECK(contains(error("{ type = \"sigstore-keyless\", issuer = \"x\" }"), "subject-prefix"));
  CHECK(contains(error("{ type = \"sigstore-keyless\", subject = \"x\" }"), "needs an issuer"));
  CHECK(contains(error(""), "require is empty"));
  CHECK(contains(lines_of(parse_settings("[trust]\ndefault = \"accept\"\n").errors), "s:2:11: default is \"accept\""));
  CHECK(contains(lines_of(parse_settings("[[trust.scope]]\nprefix = \"a/\"\nrequire = [{type=\"reject\"}]\n").errors),
                 "s:2:10: prefix \"a/\""));
  const std::string scope = "[[trust.scope]]\nprefix = \"a.b\"\nrequire = [{type=\"reject\"}]\n";
  CHECK(
      contains(lines_of(parse_settings(scope + scope).errors), "s:5:1: prefix \"a.b\" has a scope in line 2 already"));
}

TEST_GROUP(TrustYaml){
    static std::string error(const std::string& text){const auto policy = parse_trust_yaml(text, "t.yaml");
return policy ? "" : policy.error().describe();
}
}
;

TEST(TrustYaml, keys_and_identities) {
  const auto policy = parse_trust_yaml(R"(keys:
  - path: /etc/schedkit/keys/a.pem
  - path: /b.pem
identities:
  - issuer: https://token.actions.githubusercontent.com
    subjectRegExp: '^https://github\.com/schedkit/.*'
rekorURL: https://rekor.sigstore.dev
)",
                                       "t.yaml");
  if (!policy) FAIL(policy.error().describe().c_str());
  const KeySigner keys{.keys = {{.path = "/etc/schedkit/keys/a.pem"}, {.path = "/b.pem"}}};
  const KeylessSigner keyless{.issuer = "https://token.actions.githubusercontent.com",
                              .subject_regexp = R"(^https://github\.com/schedkit/.*)",
                              .log_url = "https://rekor.sigstore.dev"};
  CHECK(*policy == trust_policy_of({{keys, keyless}}, "t.yaml"));
}

TEST(TrustYaml, errors_have_places) {
  STRCMP_CONTAINS("t.yaml:1:1: unknown key \"key\"", error("key: []\n").c_str());
  STRCMP_CONTAINS("at least one of keys and identities", error("keys: []\n").c_str());
  STRCMP_CONTAINS("t.yaml:2:5: unknown key \"file\" in a key", error("keys:\n  - file: /a\n").c_str());
  STRCMP_CONTAINS("t.yaml:1:7: keys must be a list", error("keys: /a\n").c_str());
  STRCMP_CONTAINS("an identity needs issuer", error("identities: [{issuer: a}]\n").c_str());
  STRCMP_CONTAINS("an identity needs issuer", error("identities: [{subject: a}]\n").c_str());
  STRCMP_CONTAINS("subjectRegExp: not a regular expression",
                  error("identities: [{issuer: a, subjectRegExp: '('}]\n").c_str());
  STRCMP_EQUAL("t.yaml:1:15: path is \"a.pem\"; write an absolute path", error("keys: [{path: a.pem}]\n").c_str());
  STRCMP_CONTAINS("keys occurs twice", error("keys: [{path: /a}]\nkeys: [{path: /b}]\n").c_str());
  STRCMP_CONTAINS("t.yaml:2:1: YAML syntax: ", error("keys: [\n").c_str());
  STRCMP_CONTAINS("one YAML document", error("").c_str());
  STRCMP_CONTAINS("must be a map", error("[]\n").c_str());
}
