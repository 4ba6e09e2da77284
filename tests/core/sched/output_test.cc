#include "core/sched/output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(LineSplitting) {
  LineSplitter splitter;
  std::vector<std::string> lines;
  std::function<void(std::string)> keep = [this](std::string line) { lines.push_back(std::move(line)); };
};

TEST(LineSplitting, joins_pieces_and_drops_line_ends) {
  splitter.feed("on", keep);
  splitter.feed("e\r\n\ntwo\nthr", keep);
  CHECK((lines == std::vector<std::string>{"one", "two"}));
  splitter.finish(keep);
  STRCMP_EQUAL("thr", lines.back().c_str());
  splitter.finish(keep);
  CHECK_EQUAL(3U, lines.size());
}

TEST(LineSplitting, cuts_long_lines) {
  splitter.feed(std::string(20000, 'x') + "\n", keep);
  CHECK_EQUAL(3U, lines.size());
  CHECK_EQUAL(8192U, lines[0].size());
  CHECK_EQUAL(20000U - 2 * 8192, lines[2].size());
}

TEST_GROUP(SchedulerOutput) {
  TemporaryDirectory directory;
  Loop loop;
  std::vector<std::string> lines;
  Output::OnLine keep = [this](const std::string& line) { lines.push_back(line); };

  static void print(const UniqueFd& fd, std::string_view text) {
    CHECK_EQUAL(static_cast<ssize_t>(text.size()), ::write(fd.get(), text.data(), text.size()));
  }
};

TEST(SchedulerOutput, tells_and_keeps_lines_of_both_streams) {
  auto output = Output::create(loop, directory.path(), keep);
  CHECK(output.has_value());
  const auto out = (*output)->open_stdout();
  const auto err = (*output)->open_stderr();
  print(*out, "one\n");
  CHECK(run_until(loop, [&] { return lines.size() == 1; }));
  print(*err, "two\n");
  CHECK(run_until(loop, [&] { return lines.size() == 2; }));
  CHECK((lines == std::vector<std::string>{"one", "two"}));
  CHECK((*output)->lines() == lines);
  STRCMP_EQUAL("two", (*output)->tail(1).c_str());
  STRCMP_EQUAL("one\ntwo", (*output)->tail(9).c_str());
}

TEST(SchedulerOutput, keeps_the_last_lines_only) {
  auto output = Output::create(loop, directory.path(), keep);
  const auto out = (*output)->open_stdout();
  std::string text;
  for (int i = 0; i < 300; ++i) text += std::to_string(i) + "\n";
  print(*out, text);
  CHECK(run_until(loop, [&] { return lines.size() == 300; }));
  CHECK_EQUAL(Output::kept_lines, (*output)->lines().size());
  STRCMP_EQUAL("299", (*output)->lines().back().c_str());
}

// 30 s away from a scheduler that prints every 100 ms are 300 lines; a thousand times that must fit.
TEST(SchedulerOutput, a_scheduler_prints_on_without_reader_and_the_next_daemon_reads_it) {
  auto output = Output::create(loop, directory.path(), keep);
  const auto out = (*output)->open_stdout();
  output->reset();
  const std::string line(99, 'x');
  for (int i = 0; i < 10000; ++i) {
    pollfd writable{out->get(), POLLOUT, 0};
    CHECK(::poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0);
    print(*out, line + "\n");
  }
  auto next = Output::create(loop, directory.path(), keep);
  CHECK(next.has_value());
  CHECK(run_until(loop, [&] { return lines.size() == 10000; }));
}

TEST(SchedulerOutput, drain_takes_what_is_there_and_an_unfinished_line) {
  auto output = Output::create(loop, directory.path(), keep);
  print(*(*output)->open_stderr(), "panic: no\nlast words");
  (*output)->drain();
  CHECK((lines == std::vector<std::string>{"panic: no", "last words"}));
}

TEST(SchedulerOutput, a_file_in_the_place_of_the_fifo_is_an_error) {
  CHECK(open_file(directory / "stdout", O_CREAT | O_WRONLY).has_value());
  CHECK(Output::create(loop, directory.path(), keep).error().code == Errc::exists);
}
