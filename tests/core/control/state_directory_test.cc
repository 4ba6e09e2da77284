#include "core/control/state_directory.h"

#include "core/base/file.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(StateDirectory) {
  TemporaryDirectory directory;
  Loop loop;
  std::vector<std::string> errors;
  std::unique_ptr<StateDirectory> state;

  void open(std::size_t limit = StateDirectory::default_log_limit) {
    state.reset();
    state = std::make_unique<StateDirectory>(
        loop, directory.path(), [this](const Error& error) { errors.push_back(error.text); }, limit);
  }
  std::string file(const std::string& name) { return read_file(directory / name, 1 << 20).value_or("absent"); }
  void written(const std::string& name, const std::string& content) {
    CHECK_TRUE(run_until(loop, [&] { return file(name) == content; }));
  }
};

TEST(StateDirectory, the_newest_content_wins) {
  open();
  for (int i = 0; i < 100; ++i) state->replace("x", std::to_string(i));
  written("x", "99");
  STRCMP_EQUAL("99", state->read("x")->c_str());
  CHECK_TRUE(state->read("y").error().code == Errc::not_found);
}

TEST(StateDirectory, lines_keep_their_order) {
  open();
  std::string all;
  for (int i = 0; i < 100; ++i) {
    state->append("log", std::to_string(i));
    all += std::to_string(i) + "\n";
  }
  written("log", all);
}

TEST(StateDirectory, what_waits_is_written_at_the_end) {
  open();
  state->append("log", "one");
  state->append("log", "two");
  state->replace("x", "y");
  state.reset();
  loop.run_once(false);
  CHECK_TRUE(run_until(loop, [&] { return file("log").find("one") != std::string::npos; }));
  STRCMP_CONTAINS("two", file("log").c_str());
  STRCMP_EQUAL("y", file("x").c_str());
}

TEST(StateDirectory, a_line_cut_short_by_a_crash_is_not_continued) {
  CHECK_TRUE(write_file_atomic(directory / "log", "one\ntw").has_value());
  open();
  state->append("log", "three");
  written("log", "one\ntw\nthree\n");
}

TEST(StateDirectory, a_log_that_has_grown_begins_anew) {
  open(10);
  state->append("log", "12345678");
  written("log", "12345678\n");
  state->append("log", "abc");
  written("log", "abc\n");
  STRCMP_EQUAL("12345678\n", file("log.1").c_str());
  state->append("log", "a line longer than the limit");
  written("log", "a line longer than the limit\n");
}

TEST(StateDirectory, what_cannot_be_written_is_told) {
  open();
  CHECK_TRUE(make_directories(directory / "log").has_value());
  state->append("log", "x");
  CHECK_TRUE(run_until(loop, [&] { return !errors.empty(); }));
}
