#include "core/image/registry/credentials.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(RegistryCredentials){// "user:password", "helper NAME for SERVER", "" for nothing, or the error.
                                std::string find(const std::string& text, const std::string& host = "r.test",
                                                 const std::string& repository = "a/b"){
                                    const auto found = find_credentials(text, "auth.json", host, repository);
if (!found) return "error: " + found.error().describe();
if (!*found) return "";
const FoundCredentials& it = **found;
if (!it.helper.empty()) return "helper " + it.helper + " for " + it.server;
return it.credentials.user + ":" + it.credentials.password + it.credentials.identity_token +
       it.credentials.registry_token;
}
}
;

TEST(RegistryCredentials, the_longest_name_counts) {
  const std::string text = R"({"auths": {"r.test": {"auth": "aG9zdDox"}, "r.test/a/b": {"auth": "cmVwbzoy"},
                                         "r.test/a": {"auth": "cGF0aDoz"}}})";
  STRCMP_EQUAL("repo:2", find(text).c_str());
  STRCMP_EQUAL("path:3", find(text, "r.test", "a/c").c_str());
  STRCMP_EQUAL("host:1", find(text, "r.test", "x").c_str());
  STRCMP_EQUAL("", find(text, "other.test").c_str());
  STRCMP_EQUAL("", find(text, "r.test:5000").c_str());
}

TEST(RegistryCredentials, dockers_keys_are_urls) {
  const std::string text =
      R"({"auths": {"https://r.test/v1/": {"auth": "YTpiOmM="}, "https://index.docker.io/v1/": {"auth": "aHViOjE="}}})";
  STRCMP_EQUAL("a:b:c", find(text).c_str());  // a password may hold a colon
  STRCMP_EQUAL("hub:1", find(text, "docker.io", "library/x").c_str());
}

TEST(RegistryCredentials, other_forms) {
  STRCMP_EQUAL("u:p", find(R"({"auths": {"r.test": {"username": "u", "password": "p"}}})").c_str());
  STRCMP_CONTAINS("refresh", find(R"({"auths": {"r.test": {"auth": "dTpw", "identitytoken": "refresh"}}})").c_str());
  STRCMP_CONTAINS("ready", find(R"({"auths": {"r.test": {"registrytoken": "ready"}}})").c_str());
  STRCMP_EQUAL("", find("").c_str());
  STRCMP_EQUAL("", find("{}").c_str());
}

TEST(RegistryCredentials, helpers_are_named_and_nothing_else) {
  const std::string text = R"({"auths": {"r.test": {}}, "credHelpers": {"r.test": "pass"}, "credsStore": "desktop"})";
  STRCMP_EQUAL("helper pass for r.test", find(text).c_str());
  STRCMP_EQUAL("helper desktop for https://index.docker.io/v1/", find(text, "docker.io", "library/x").c_str());
  CHECK(is_helper_suffix("ecr-login"));
  for (const char* wrong : {"", "../evil", "a b", "A", "x/y"}) CHECK_FALSE(is_helper_suffix(wrong));
}

TEST(RegistryCredentials, what_cannot_be_read_is_an_error_with_its_file) {
  for (const char* wrong : {"{", "[]", R"({"auths": {"r.test": {"auth": "%%%"}}})", R"({"auths": 3})"}) {
    STRCMP_CONTAINS("auth.json", find(wrong).c_str());
  }
}
