#include "core/image/registry/challenge.h"

#include "core/image/registry/token_request.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(RegistryChallenge){
    bool passes(const std::string& realm, const std::string& registry, const std::vector<std::string>& hosts = {}){
        return check_realm(*parse_url(realm), *parse_url(registry), hosts).has_value();
}
}
;

TEST(RegistryChallenge, schemes_and_names_in_any_case_and_quoting) {
  const auto all =
      parse_challenges({R"(BEARER Realm="https://t.test/a\"b,c", service=s,scope="x:y:z")", "Basic realm=r"});
  LONGS_EQUAL(2, all.size());
  STRCMP_EQUAL("bearer", all[0].scheme.c_str());
  CHECK(all[0].parameter("realm") == "https://t.test/a\"b,c");
  CHECK(all[0].parameter("service") == "s" && all[0].parameter("scope") == "x:y:z");
  CHECK(all[0].parameter("error").empty());
  STRCMP_EQUAL("basic", all[1].scheme.c_str());
}

TEST(RegistryChallenge, the_first_that_can_be_answered) {
  const auto chosen = choose_challenge(parse_challenges({"Negotiate, Digest nonce=1, Basic realm=x, Bearer realm=y"}));
  CHECK(chosen && chosen->scheme == "basic");
  CHECK_FALSE(choose_challenge(parse_challenges({"Negotiate", "=,=,\"", ""})).has_value());
}

TEST(RegistryChallenge, a_realm_must_not_lead_inside) {
  const std::string registry = "https://r.test:443/v2/";
  CHECK(passes("https://auth.test/token", registry));
  for (const char* inside :
       {"https://127.0.0.1/t", "https://10.0.0.1/t", "https://169.254.169.254/t", "https://[::1]/t",
        "https://0.0.0.0/t", "https://2130706433/t", "https://localhost/t", "http://auth.test/t"}) {
    CHECK_FALSE_TEXT(passes(inside, registry), inside);
  }
  CHECK(passes("https://10.0.0.1:444/t", registry, {"10.0.0.1:444"}));
  CHECK_FALSE(passes("https://10.0.0.1:445/t", registry, {"10.0.0.1:444"}));
  CHECK(passes("http://127.0.0.1:5000/t", "http://127.0.0.1:5000/v2/"));
  CHECK_FALSE(passes("http://127.0.0.1:5001/t", "http://127.0.0.1:5000/v2/"));
}
