#include "k8s/api_json.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(ApiJson){};

TEST(ApiJson, managed_fields_are_left_out) {
  const auto object = parse_api_object(
      R"({"metadata": {"name": "a", "managedFields": [{"fieldsV1": {"f:spec": {}}}]}, "spec": {"rules": []}})");
  STRCMP_EQUAL(R"({"metadata":{"name":"a"},"spec":{"rules":[]}})", object->dump().c_str());
}

TEST(ApiJson, what_is_no_object) {
  CHECK(parse_api_object("[1]").error().code == Errc::invalid);
  CHECK(parse_api_object("").error().code == Errc::invalid);
  CHECK(parse_api_object("{\"a\": ").error().code == Errc::invalid);
  const auto deep = parse_api_object("{\"a\": " + std::string(70, '[') + std::string(70, ']') + "}");
  STRCMP_EQUAL("an object of more than 64 levels", deep.error().text.c_str());
}

TEST(ApiJson, a_failure_says_what_the_server_said) {
  const auto failure = failure_of_answer(
      429,
      R"({"kind":"Status","code":429,"reason":"TooManyRequests","message":"storage\nis (re)initializing",)"
      R"("details":{"retryAfterSeconds":3}})",
      "", "GET /x");
  LONGS_EQUAL(429, failure.status);
  STRCMP_EQUAL("TooManyRequests", failure.reason.c_str());
  CHECK(failure.retry_after == Duration(3s));
  CHECK(failure.error.code == Errc::busy);
  STRCMP_EQUAL("GET /x: 429 \"storage\\x0ais (re)initializing\"", failure.error.text.c_str());
}

TEST(ApiJson, retry_after_is_a_header_too_and_has_a_limit) {
  CHECK(failure_of_answer(503, "<html>", "7", "x").retry_after == Duration(7s));
  CHECK(failure_of_answer(503, "", "99999999999", "x").retry_after == Duration(600s));
  CHECK_FALSE(failure_of_answer(503, "", "soon", "x").retry_after.has_value());
  STRCMP_EQUAL("x: 503", failure_of_answer(503, "<html>", "7", "x").error.text.c_str());
}

TEST(ApiJson, an_error_event_has_its_code_inside) {
  const auto expired = failure_of_event({{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}}, "x");
  LONGS_EQUAL(410, expired.status);
  STRCMP_EQUAL("Expired", expired.reason.c_str());
  LONGS_EQUAL(500, failure_of_event(nullptr, "x").status);
  LONGS_EQUAL(500, failure_of_event({{"code", 7}}, "x").status);
}

TEST(ApiJson, lines_come_in_any_pieces) {
  const std::string stream = "{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3";
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    WatchLines lines;
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      const auto fed = lines.feed(std::string_view(stream).substr(at, size), [&](std::string_view line) {
        got += std::string(line.substr(0, 7)) + "|";
        return true;
      });
      CHECK(fed.has_value());
    }
    STRCMP_EQUAL("{\"a\":1}|{\"b\":2}|", got.c_str());
    CHECK(lines.has_rest());
  }
}

TEST(ApiJson, a_line_has_a_limit) {
  WatchLines lines;
  const std::string piece(1 << 20, 'x');
  const auto never = [](std::string_view) -> bool { return true; };
  for (int i = 0; i < 8; ++i) CHECK(lines.feed(piece, never).has_value());
  CHECK(lines.feed("x", never).error().code == Errc::limit);
}
