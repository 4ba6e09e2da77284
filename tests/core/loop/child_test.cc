#include "core/loop/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>

#include "core/base/file.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(Child) {
  Loop loop;
  std::unique_ptr<Child> child;
  std::optional<ChildExit> exit;

  void teardown() override {
    child.reset();
    check_no_child_left();
  }

  void start(ChildOptions options) {
    auto started = Child::start(loop, std::move(options), [this](ChildExit how) { exit = std::move(how); });
    CHECK_TEXT(started.has_value(), started ? "" : started.error().text.c_str());
    child = std::move(*started);
  }
  const ChildExit& outcome(ChildOptions options) {
    start(std::move(options));
    CHECK_FALSE(exit.has_value());
    CHECK_TRUE(run_until(loop, [&] { return exit.has_value(); }));
    return *exit;
  }
  const ChildExit& shell(const std::string& script) { return outcome({.argv = {"sh", "-c", script}}); }
  // The loop reaps what is left: neither a program nor a zombie stays.
  void check_no_child_left() {
    CHECK_TRUE(run_until(loop, [] {
      siginfo_t info{};
      return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD;
    }));
  }
};

TEST(Child, keeps_output_and_errors_in_their_order) {
  const auto& how = shell("echo one; echo two >&2; echo three");
  CHECK_TRUE(how.ok());
  STRCMP_EQUAL("one\ntwo\nthree\n", how.output.c_str());
}

TEST(Child, tells_the_status) {
  const auto& how = shell("exit 3");
  LONGS_EQUAL(3, how.status);
  LONGS_EQUAL(0, how.signal);
  CHECK_FALSE(how.ok());
}

TEST(Child, tells_the_signal) {
  const auto& how = shell("kill -TERM $$");
  LONGS_EQUAL(SIGTERM, how.signal);
  CHECK_FALSE(how.ok());
  CHECK_FALSE(how.timed_out);
}

TEST(Child, arguments_are_handed_on_as_they_are) {
  STRCMP_EQUAL("a b|*|", outcome({.argv = {"printf", "%s|", "a b", "*"}}).output.c_str());
}

TEST(Child, keeps_the_beginning_of_much_output_and_reads_the_rest) {
  const auto& how =
      outcome({.argv = {"sh", "-c", "echo begin; head -c 1000000 /dev/zero; exit 7"}, .output_limit = 10});
  LONGS_EQUAL(7, how.status);
  LONGS_EQUAL(10, how.output.size());
  STRCMP_EQUAL("begin\n", how.output.substr(0, 6).c_str());
}

TEST(Child, standard_input_is_empty) { STRCMP_EQUAL("", outcome({.argv = {"cat"}}).output.c_str()); }

TEST(Child, the_environment_is_ours_or_the_one_given) {
  ::setenv("SCHEDKIT_CHILD_TEST", "ours", 1);
  STRCMP_EQUAL("ours", shell("printf %s \"$SCHEDKIT_CHILD_TEST\"").output.c_str());
  ::unsetenv("SCHEDKIT_CHILD_TEST");
  exit.reset();
  STRCMP_EQUAL("A=b\n", outcome({.argv = {"/usr/bin/env"}, .env = {"A=b"}}).output.c_str());
}

TEST(Child, starts_in_the_directory_given) {
  STRCMP_EQUAL("/\n", outcome({.argv = {"/bin/pwd"}, .directory = "/"}).output.c_str());
}

TEST(Child, output_may_go_to_a_descriptor) {
  const TemporaryDirectory directory;
  const auto file = open_file(directory / "f", O_CREAT | O_RDWR);
  const auto& how = outcome({.argv = {"sh", "-c", "echo out; echo error >&2"}, .stdout_fd = file->get()});
  STRCMP_EQUAL("error\n", how.output.c_str());
  STRCMP_EQUAL("out\n", read_file(directory / "f", 100)->c_str());
  exit.reset();
  STRCMP_EQUAL("", outcome({.argv = {"echo"}, .stdout_fd = file->get(), .stderr_fd = file->get()}).output.c_str());
}

TEST(Child, our_descriptors_are_not_inherited) {
  const auto file = open_file("/dev/null", O_RDONLY);
  const auto& how = shell("test -e /proc/self/fd/" + std::to_string(file->get()));
  LONGS_EQUAL(1, how.status);
}

TEST(Child, is_killed_when_it_takes_too_long) {
  const auto& how = outcome({.argv = {"sh", "-c", "echo begun; exec sleep 1000"}, .timeout = 200ms});
  CHECK_TRUE(how.timed_out);
  LONGS_EQUAL(SIGKILL, how.signal);
  CHECK_FALSE(how.ok());
}

TEST(Child, within_its_time_it_is_left_alone) {
  const auto& how = outcome({.argv = {"true"}, .timeout = 1h});
  CHECK_TRUE(how.ok());
  child.reset();
  loop.run();  // no timer is left
}

TEST(Child, a_descendant_that_holds_the_output_does_not_hold_up_the_end) {
  const auto& how = shell("sleep 1000 & echo $!");
  CHECK_TRUE(how.ok());
  LONGS_EQUAL(0, ::kill(std::stoi(how.output), SIGKILL));
}

TEST(Child, its_pid_is_known_while_it_runs) {
  start({.argv = {"sleep", "1000"}});
  LONGS_EQUAL(0, ::kill(child->pid(), 0));
}

TEST(Child, destroyed_while_running_it_is_killed_and_leaves_no_zombie) {
  start({.argv = {"sleep", "1000"}});
  const int pid = child->pid();
  child.reset();
  check_no_child_left();
  LONGS_EQUAL(-1, ::kill(pid, 0));
  LONGS_EQUAL(ESRCH, errno);
  CHECK_FALSE(exit.has_value());
}

TEST(Child, destroyed_before_anyone_noticed_its_end_it_leaves_no_zombie) {
  start({.argv = {"true"}});
  siginfo_t info{};
  LONGS_EQUAL(0, ::waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED | WNOWAIT));
  child.reset();
  check_no_child_left();
  CHECK_FALSE(exit.has_value());
}

TEST(Child, destroyed_while_its_output_is_awaited_it_tells_nobody) {
  start({.argv = {"sh", "-c", "sleep 1000 & echo $!"}});
  siginfo_t info{};
  LONGS_EQUAL(0, ::waitid(P_PID, static_cast<id_t>(child->pid()), &info, WEXITED | WNOWAIT));
  loop.run_once(true);
  child.reset();
  check_no_child_left();
  CHECK_FALSE(exit.has_value());
}

TEST(Child, it_may_be_destroyed_by_its_own_call) {
  const std::vector<int> captured(100, 1);
  bool told = false;
  child = *Child::start(loop, {.argv = {"true"}}, [&, captured](const ChildExit& how) {
    child.reset();
    told = how.ok() && captured[99] == 1;
  });
  loop.run();
  CHECK_TRUE(told);
}

TEST(Child, many_at_once_are_each_told_of_their_own_end) {
  std::vector<std::unique_ptr<Child>> children;
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    children.push_back(*Child::start(loop, {.argv = {"sh", "-c", "exit " + std::to_string(i)}}, [&, i](ChildExit how) {
      LONGS_EQUAL(i, how.status);
      ++told;
    }));
  }
  CHECK_TRUE(run_until(loop, [&] { return told == 10; }));
}

TEST(Child, a_program_that_cannot_be_run_is_an_error) {
  const auto start_it = [&](ChildOptions options) {
    return Child::start(loop, std::move(options), [](const ChildExit&) { FAIL("nothing was started"); });
  };
  const auto missing = start_it({.argv = {"/no/such/program"}});
  CHECK_FALSE(missing.has_value());
  CHECK_TRUE(missing.error().code == Errc::not_found);
  STRCMP_CONTAINS("/no/such/program", missing.error().text.c_str());
  CHECK_TRUE(start_it({.argv = {"/etc/passwd"}}).error().code == Errc::denied);
  CHECK_FALSE(start_it({.argv = {"true"}, .directory = "/no/such/directory"}).has_value());
  loop.run();
}
