#include "core/image/registry/endpoints.h"

#include "core/base/text.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(RegistryEndpoints) {
  std::vector<RegistryRule> rules;

  // "host/repository, …" in the order in which they are asked.
  std::string of(const std::string& reference) {
    auto endpoints = endpoints_for(*parse_reference(reference), rules);
    if (!endpoints) return "error: " + endpoints.error().text;
    std::vector<std::string> names;
    for (const Endpoint& endpoint : *endpoints) {
      names.push_back(endpoint.name() + (endpoint.insecure ? " insecure" : ""));
    }
    return join(names, ", ");
  }
};

TEST(RegistryEndpoints, without_rules_the_name_says_it) {
  STRCMP_EQUAL("ghcr.io/a/b", of("ghcr.io/a/b:1").c_str());
  STRCMP_EQUAL("docker.io/library/x", of("x").c_str());
  STRCMP_EQUAL("registry-1.docker.io", endpoints_for(*parse_reference("x"), {})->front().api_host().c_str());
}

TEST(RegistryEndpoints, the_longest_prefix_that_ends_with_a_part_counts) {
  rules = {{.prefix = "r.test/a", .location = "one.test/x"}, {.prefix = "r.test/a/b", .location = "two.test"}};
  STRCMP_EQUAL("one.test/x/c", of("r.test/a/c").c_str());
  STRCMP_EQUAL("two.test/c", of("r.test/a/b/c").c_str());
  STRCMP_EQUAL("r.test/ab/c", of("r.test/ab/c").c_str());
}

TEST(RegistryEndpoints, wildcards_are_of_hosts) {
  rules = {{.prefix = "*.corp.test", .location = "", .insecure = true}};
  STRCMP_EQUAL("a.b.corp.test/x insecure", of("a.b.corp.test/x").c_str());
  STRCMP_EQUAL("corp.test/x", of("corp.test/x").c_str());
  STRCMP_EQUAL("evilcorp.test/x", of("evilcorp.test/x").c_str());
}

TEST(RegistryEndpoints, mirrors_come_first_and_serve_what_they_may) {
  rules = {{.prefix = "r.test",
            .location = "r.test",
            .mirrors = {{.location = "all.test/m", .insecure = true},
                        {.location = "digest.test", .use = RegistryMirror::Use::digest_only},
                        {.location = "tag.test", .use = RegistryMirror::Use::tag_only}}}};
  STRCMP_EQUAL("all.test/m/a insecure, tag.test/a, r.test/a", of("r.test/a:1").c_str());
  const std::string digest = "@sha256:" + std::string(64, 'a');
  STRCMP_EQUAL("all.test/m/a insecure, digest.test/a, r.test/a", of("r.test/a" + digest).c_str());
}

TEST(RegistryEndpoints, blocked_is_blocked_with_its_mirrors) {
  rules = {{.prefix = "r.test/bad", .location = "r.test/bad", .blocked = true, .mirrors = {{.location = "m.test"}}}};
  STRCMP_CONTAINS("r.test/bad is blocked", of("r.test/bad/a").c_str());
  STRCMP_EQUAL("r.test/good/a", of("r.test/good/a").c_str());
}

TEST(RegistryEndpoints, a_rewrite_that_makes_no_name_is_an_error) {
  rules = {{.prefix = "r.test", .location = "R.test/UPPER"}};
  STRCMP_CONTAINS("no image name", of("r.test/a").c_str());
}
