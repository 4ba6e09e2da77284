#include "core/base/text.h"

#include <limits>

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

void check_text(std::string_view expected, std::string_view actual) {
  STRCMP_EQUAL(std::string(expected).c_str(), std::string(actual).c_str());
}

void check_duration(Duration expected, std::string_view text) {
  const auto parsed = parse_duration(text);
  CHECK_TEXT(parsed.has_value(), std::string(text).c_str());
  CHECK_TEXT(*parsed == expected, std::string(text).c_str());
}

template <class T>
void check_refused(Errc code, const Result<T>& result, std::string_view text) {
  CHECK_FALSE_TEXT(result.has_value(), std::string(text).c_str());
  CHECK_TEXT(result.error().code == code, std::string(text).c_str());
}

bool matches(std::string_view pattern, std::string_view text) { return glob_match(pattern, text); }

}  // namespace

TEST_GROUP(Text){};

TEST(Text, trim_takes_white_space_off_both_ends) {
  check_text("a b", trim(" \t a b\r\n\v\f"));
  check_text("", trim(" \n "));
  check_text("", trim(""));
}

TEST(Text, split_keeps_empty_pieces) {
  LONGS_EQUAL(1, split("", ',').size());
  const auto pieces = split(",a,,b,", ',');
  LONGS_EQUAL(5, pieces.size());
  check_text("", pieces[0]);
  check_text("a", pieces[1]);
  check_text("", pieces[2]);
  check_text("b", pieces[3]);
  check_text("", pieces[4]);
}

TEST(Text, base_name_is_what_follows_the_last_slash) {
  check_text("c", base_name("/a/b/c"));
  check_text("c", base_name("c"));
  check_text("", base_name("/a/"));
  check_text("", base_name(""));
}

TEST(Text, join_puts_the_separator_between) {
  check_text("", join({}, ", "));
  check_text("a", join({"a"}, ", "));
  check_text("a, , b", join({"a", "", "b"}, ", "));
}

TEST(Text, a_glob_takes_the_whole_text) {
  CHECK_TRUE(matches("abc", "abc"));
  CHECK_FALSE(matches("abc", "abcd"));
  CHECK_FALSE(matches("abcd", "abc"));
  CHECK_FALSE(matches("bc", "abc"));
  CHECK_TRUE(matches("", ""));
  CHECK_FALSE(matches("", "a"));
}

TEST(Text, a_star_takes_any_run_also_across_slashes) {
  CHECK_TRUE(matches("*", ""));
  CHECK_TRUE(matches("*", "a/b"));
  CHECK_TRUE(matches("/usr/*.so", "/usr/lib/x/libc.so"));
  CHECK_TRUE(matches("a*b*c", "a-b-b-c"));
  CHECK_FALSE(matches("a*b*c", "a-c-b"));
  CHECK_TRUE(matches("**a**", "bab"));
  CHECK_TRUE(matches("*ab", "aab"));
}

TEST(Text, a_question_mark_takes_exactly_one_byte) {
  CHECK_TRUE(matches("a?c", "abc"));
  CHECK_FALSE(matches("a?c", "ac"));
  CHECK_FALSE(matches("?", ""));
  CHECK_TRUE(matches("??", "\xc3\xa4"));
}

TEST(Text, classes_have_ranges_and_negation) {
  CHECK_TRUE(matches("[abc]", "b"));
  CHECK_FALSE(matches("[abc]", "d"));
  CHECK_TRUE(matches("[a-c]x", "bx"));
  CHECK_FALSE(matches("[a-c]", "-"));
  CHECK_TRUE(matches("[!a-c]", "d"));
  CHECK_TRUE(matches("[^a-c]", "d"));
  CHECK_FALSE(matches("[!a-c]", "b"));
  CHECK_FALSE(matches("[!a]", ""));
  CHECK_TRUE(matches("[\x80-\xff]", "\xc3"));
}

TEST(Text, a_bracket_first_and_a_dash_last_stand_for_themselves_in_a_class) {
  CHECK_TRUE(matches("[]a]", "]"));
  CHECK_TRUE(matches("[]a]", "a"));
  CHECK_TRUE(matches("[!]]", "a"));
  CHECK_FALSE(matches("[!]]", "]"));
  CHECK_TRUE(matches("[a-]", "-"));
  CHECK_TRUE(matches("[-a]", "-"));
}

TEST(Text, a_bracket_that_is_never_closed_stands_for_itself) {
  CHECK_TRUE(matches("[", "["));
  CHECK_TRUE(matches("[abc", "[abc"));
  CHECK_FALSE(matches("[abc", "a"));
  CHECK_TRUE(matches("[]", "[]"));
  CHECK_TRUE(matches("[!", "[!"));
}

TEST(Text, a_backslash_takes_the_next_byte_literally) {
  CHECK_TRUE(matches("a\\*", "a*"));
  CHECK_FALSE(matches("a\\*", "ab"));
  CHECK_TRUE(matches("\\[a]", "[a]"));
  CHECK_TRUE(matches("\\\\", "\\"));
  CHECK_TRUE(matches("a\\", "a\\"));
}

TEST(Text, a_glob_of_many_stars_ends_soon) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  CHECK_FALSE(matches(pattern + "b", std::string(5000, 'a')));
}

TEST(Text, has_glob_finds_the_special_bytes) {
  for (const auto* pattern : {"*", "a?", "[a]", "\\a"}) CHECK_TRUE(has_glob(pattern));
  for (const auto* pattern : {"", "abc", "a]", "a-b", "/x/y.z"}) CHECK_FALSE(has_glob(pattern));
}

TEST(Text, durations_are_sums_of_units) {
  check_duration(0ns, "0");
  check_duration(0ns, "0s");
  check_duration(250ms, "250ms");
  check_duration(5s, "5s");
  check_duration(90s, "1m30s");
  check_duration(90s, "90s");
  check_duration(24h, "24h");
  check_duration(48h + 3h + 1ms, "2d3h1ms");
  check_duration(10min, "0010m");
  check_duration(3650 * 24h, "3650d");
}

TEST(Text, what_is_no_duration_is_refused) {
  for (const auto* text : {"", "5", "s", "-5s", "+5s", " 5s", "5s ", "5 s", "1.5s", "5S", "5min", "5us", "1s1m", "1s1s",
                           "0x5s", "00", "99999999999999999999s", "5s\n"}) {
    check_refused(Errc::invalid, parse_duration(text), text);
  }
  for (const auto* text : {"3651d", "3650d1ms", "87601h", "18446744073709551615d", "18446744073709551615ms"}) {
    check_refused(Errc::limit, parse_duration(text), text);
  }
}

TEST(Text, formatted_durations_are_short_and_parse_to_the_same) {
  check_text("0s", format_duration(0ns));
  check_text("0s", format_duration(999us));
  check_text("0s", format_duration(-5s));
  check_text("1m30s", format_duration(90s));
  check_text("250ms", format_duration(250ms));
  check_text("1d1h1m1s1ms", format_duration(25h + 61s + 1ms));
  for (const Duration duration : {Duration(1ms), Duration(59s), Duration(1h), Duration(3650 * 24h)}) {
    check_duration(duration, format_duration(duration));
  }
}

TEST(Text, sizes_are_powers_of_1024) {
  LONGS_EQUAL(0, *parse_size("0"));
  LONGS_EQUAL(512, *parse_size("512"));
  LONGS_EQUAL(512, *parse_size("512B"));
  LONGS_EQUAL(64 << 10, *parse_size("64KiB"));
  LONGS_EQUAL(3 << 20, *parse_size("3MiB"));
  CHECK_TRUE(*parse_size("1GiB") == 1ULL << 30);
  CHECK_TRUE(*parse_size("2TiB") == 2ULL << 40);
  CHECK_TRUE(*parse_size("9223372036854775807") == 9223372036854775807ULL);
}

TEST(Text, what_is_no_size_is_refused) {
  for (const auto* text : {"", "KiB", "1KB", "1K", "1kib", "-1", "1.5GiB", " 1", "1 KiB", "1KiB ", "1KiB1"}) {
    check_refused(Errc::invalid, parse_size(text), text);
  }
  for (const auto* text : {"9223372036854775808", "8388608TiB"}) check_refused(Errc::limit, parse_size(text), text);
  CHECK_TRUE(parse_size("8388607TiB").has_value());
}

TEST(Text, sizes_are_shown_in_the_largest_unit_that_fits) {
  check_text("0 B", format_size(0));
  check_text("1023 B", format_size(1023));
  check_text("1 KiB", format_size(1024));
  check_text("1.5 MiB", format_size(3 << 19));
  check_text("2 TiB", format_size(2ULL << 40));
}

TEST(Text, unsigned_numbers_have_digits_only) {
  CHECK_TRUE(*parse_unsigned("18446744073709551615") == std::numeric_limits<std::uint64_t>::max());
  LONGS_EQUAL(7, *parse_unsigned("007"));
  for (const auto* text : {"", "-1", "+1", " 1", "1 ", "1a", "0x1", "18446744073709551616"}) {
    check_refused(Errc::invalid, parse_unsigned(text), text);
  }
}

TEST(Text, quote_makes_foreign_text_harmless) {
  check_text("\"\"", quote(""));
  check_text("\"a b\"", quote("a b"));
  check_text(R"("say \"x\" \\")", quote("say \"x\" \\"));
  check_text(R"("\x0a\x1b[31m\x00")", quote(std::string_view("\n\x1b[31m\0", 7)));
  check_text(R"("\x7f\xc3\xa4")", quote("\x7f\xc3\xa4"));
}

TEST(Text, quote_cuts_to_its_limit_and_says_so) {
  check_text("\"abc\"", quote("abc", 3));
  check_text("\"abc…\"", quote("abcd", 3));
  check_text("\"…\"", quote("a", 0));
}
