#include "core/control/override_file.h"

#include "core/base/file.h"
#include "tests/core/sched/temporary_directory.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(OverrideFile) {
  TemporaryDirectory directory;
  std::string path = directory / "override.json";

  void check_same(const Controls::RunCommand& command) {
    CHECK_TRUE(write_override(path, {command, std::nullopt}).has_value());
    const auto read = read_override(path);
    CHECK_TRUE(read && *read);
    STRCMP_EQUAL(command.scheduler.c_str(), (*read)->command.scheduler.c_str());
    STRCMP_EQUAL(command.mode.c_str(), (*read)->command.mode.c_str());
    STRCMP_EQUAL(command.by.c_str(), (*read)->command.by.c_str());
    CHECK_TRUE(command.has_args == (*read)->command.has_args);
    CHECK_TRUE(command.args == (*read)->command.args);
  }
};

TEST(OverrideFile, a_command_is_read_as_it_was_written) {
  check_same({.scheduler = "lavd", .by = "anna"});
  check_same({.scheduler = "lavd", .mode = "fast", .has_args = true, .args = {"--a b", "\"\n", "ä"}, .by = "uid 0"});
  check_same({.scheduler = "kernel", .has_args = true, .by = ""});
}

TEST(OverrideFile, bytes_that_are_no_text_do_not_keep_it_from_being_written) {
  CHECK_TRUE(write_override(path, {{.scheduler = "x", .by = "\xff"}, {}}).has_value());
  CHECK_TRUE(read_override(path).has_value());
}

TEST(OverrideFile, its_end_is_kept) {
  const Instant end{std::chrono::nanoseconds(123456789012)};
  CHECK_TRUE(write_override(path, {{.scheduler = "x", .by = "a"}, end}).has_value());
  CHECK_TRUE((*read_override(path))->until == end);
}

TEST(OverrideFile, none_is_no_error) {
  const auto read = read_override(path);
  CHECK_TRUE(read && !*read);
  CHECK_TRUE(remove_override(path).has_value());
}

TEST(OverrideFile, removed_it_is_none) {
  check_same({.scheduler = "lavd", .by = "anna"});
  CHECK_TRUE(remove_override(path).has_value());
  CHECK_FALSE(read_override(path)->has_value());
}

TEST(OverrideFile, anything_else_in_its_place_is_an_error_that_names_it) {
  for (const auto* content :
       {"", "{", "[]", "null", "{}", R"({"scheduler": 1, "mode": "", "by": ""})", R"({"scheduler": "a", "mode": ""})",
        R"({"scheduler": "a", "mode": "", "by": "", "args": "x"})",
        R"({"scheduler": "a", "mode": "", "by": "", "args": [1]})",
        R"({"scheduler": "a", "mode": "", "by": "", "until_ns": "1"})",
        R"({"scheduler": "a", "mode": "", "by": "", "args": {"a": "b"}})"}) {
    CHECK_TRUE(write_file_atomic(path, content).has_value());
    const auto read = read_override(path);
    CHECK_FALSE_TEXT(read.has_value(), content);
    CHECK_TRUE(read.error().code == Errc::invalid);
    STRCMP_CONTAINS(path.c_str(), read.error().text.c_str());
  }
}

TEST(OverrideFile, a_directory_that_is_missing_is_named) {
  const auto written = write_override(directory / "missing/override.json", {{.scheduler = "a", .by = "b"}, {}});
  CHECK_FALSE(written.has_value());
  STRCMP_CONTAINS("missing/override.json", written.error().text.c_str());
}
