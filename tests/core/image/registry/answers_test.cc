#include "core/image/registry/answers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(RegistryAnswers) { WallTime now{1'000'000s}; };

TEST(RegistryAnswers, tokens_live_a_minute_at_least) {
  CHECK(parse_token(R"({"token":"t"})", now)->expires == now + 60s);
  CHECK(parse_token(R"({"access_token":"t","expires_in":5})", now)->expires == now + 60s);
  CHECK(parse_token(R"({"token":"t","expires_in":300})", now)->expires == now + 300s);
  STRCMP_EQUAL("r", parse_token(R"({"token":"t","refresh_token":"r"})", now)->refresh_token.c_str());
  for (const char* wrong : {"", "{}", "[]", R"({"token":""})", R"({"token":3})", R"({"token":"a","token":"b"})"}) {
    CHECK_FALSE_TEXT(parse_token(wrong, now).has_value(), wrong);
  }
}

TEST(RegistryAnswers, a_token_that_is_no_header_value_is_refused) {
  CHECK_FALSE(parse_token("{\"token\":\"a\\r\\nHost: evil\"}", now).has_value());
}

TEST(RegistryAnswers, errors_name_what_was_asked_for) {
  const auto error = error_of_answer(404, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"gone"}]})", "r.test/a:1");
  CHECK(error.code == Errc::not_found);
  STRCMP_CONTAINS("r.test/a:1", error.text.c_str());
  STRCMP_CONTAINS("gone", error.text.c_str());
  CHECK(error_of_answer(401, "", "x").code == Errc::denied);
  CHECK(error_of_answer(403, "<html>", "x").code == Errc::denied);
  CHECK(error_of_answer(429, "", "x").code == Errc::busy);
}

TEST(RegistryAnswers, tags_by_the_grammar_alone) {
  const auto tags = parse_tags(R"({"name":"a","tags":["1.0","-x","../up","ok_2",""]})");
  LONGS_EQUAL(2, tags->size());
  CHECK(parse_tags(R"({"name":"a","tags":null})")->empty());
  CHECK_FALSE(parse_tags(R"({"tags":"1.0"})").has_value());
}

TEST(RegistryAnswers, the_next_page) {
  STRCMP_EQUAL("/v2/a/tags/list?last=x",
               next_link({R"(</other>; rel="prev", </v2/a/tags/list?last=x>; rel="next")"}).c_str());
  STRCMP_EQUAL("", next_link({"</v2/a>; rel=\"last\"", "nonsense"}).c_str());
}

TEST(RegistryAnswers, content_ranges) {
  CHECK((parse_content_range("bytes 5-9/10") == ContentRange{5, 9, 10}));
  CHECK((parse_content_range("bytes 5-9/*") == ContentRange{5, 9, std::nullopt}));
  for (const char* wrong :
       {"", "bytes */10", "bytes 9-5/10", "bytes 5-9/8", "items 5-9/10", "bytes 5-9", "bytes -5/10"}) {
    CHECK_FALSE_TEXT(parse_content_range(wrong).has_value(), wrong);
  }
}
