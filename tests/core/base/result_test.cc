#include "core/base/result.h"

#include <cerrno>
#include <set>

#include <CppUTest/TestHarness.h>

using namespace schedkit;

namespace {

Errc code_of(int error_number) { return fail_errno(error_number, "x").value().code; }

}  // namespace

TEST_GROUP(Result){};

TEST(Result, every_code_has_a_word_of_its_own) {
  std::set<std::string_view> words;
  for (int code = 0; code <= static_cast<int>(Errc::failed); ++code) words.insert(to_string(static_cast<Errc>(code)));
  LONGS_EQUAL(static_cast<int>(Errc::failed) + 1, words.size());
  CHECK_FALSE(words.contains("unknown"));
}

TEST(Result, describes_as_much_of_the_place_as_is_known) {
  STRCMP_EQUAL("bad", (Error{Errc::invalid, "bad", {}}.describe().c_str()));
  STRCMP_EQUAL("a.toml: bad", (Error{Errc::invalid, "bad", {"a.toml"}}.describe().c_str()));
  STRCMP_EQUAL("a.toml:3:7: bad", (Error{Errc::invalid, "bad", {"a.toml", 3, 7}}.describe().c_str()));
}

TEST(Result, fail_formats_its_text) {
  const Result<int> result = fail(Errc::limit, "{} of {}", 3, "two");
  CHECK_FALSE(result.has_value());
  CHECK_TRUE(result.error().code == Errc::limit);
  STRCMP_EQUAL("3 of two", result.error().text.c_str());
}

TEST(Result, system_errors_are_told_in_words_with_a_code_to_branch_on) {
  STRCMP_EQUAL("cannot open /x: No such file or directory", fail_errno(ENOENT, "cannot open /x").value().text.c_str());
  CHECK_TRUE(code_of(ENOENT) == Errc::not_found);
  CHECK_TRUE(code_of(EEXIST) == Errc::exists);
  CHECK_TRUE(code_of(EACCES) == Errc::denied);
  CHECK_TRUE(code_of(EISDIR) == Errc::invalid);
  CHECK_TRUE(code_of(EBUSY) == Errc::busy);
  CHECK_TRUE(code_of(ENOSYS) == Errc::unsupported);
  CHECK_TRUE(code_of(EMFILE) == Errc::limit);
  CHECK_TRUE(code_of(ETIMEDOUT) == Errc::timeout);
  CHECK_TRUE(code_of(EIO) == Errc::io);
}

TEST(Result, an_unknown_system_error_is_still_told) {
  STRCMP_EQUAL("x: unknown error", fail_errno(99999, "x").value().text.c_str());
}

TEST(Result, context_keeps_code_and_place) {
  const Error error = with_context({Errc::denied, "no", {"f", 1, 2}}, "image a");
  STRCMP_EQUAL("image a: no", error.text.c_str());
  CHECK_TRUE(error.code == Errc::denied);
  CHECK_TRUE((error.where == Where{"f", 1, 2}));
}
