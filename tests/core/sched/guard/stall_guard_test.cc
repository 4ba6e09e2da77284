#include "core/sched/guard/stall_guard.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <vector>

#include "core/base/file.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

// The daemon's side against a guard whose part the test plays: through the socket of one that runs, or as a program that
// is started.
TEST_GROUP(StallGuard) {
  TemporaryDirectory directory;
  Loop loop;
  std::vector<std::string> said;
  int serious = 0;
  UniqueFd listener;
  UniqueFd guard;
  std::unique_ptr<StallGuard> daemon;

  void make(const std::string& program = "/no/such/guard") {
    daemon = std::make_unique<StallGuard>(
        loop, StallGuardOptions{.program = program, .run_dir = directory.path(), .version = "1"},
        [this](const std::string& text, bool bad) {
          said.push_back(text);
          serious += bad ? 1 : 0;
        });
  }
  // One that an earlier daemon left.
  void listen() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    (directory / "guard.sock").copy(address.sun_path, sizeof(address.sun_path) - 1);
    listener.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    CHECK_EQUAL(0, ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)));
    CHECK_EQUAL(0, ::listen(listener.get(), 4));
  }
  void accept() { guard.reset(::accept(listener.get(), nullptr, nullptr)); }
  void say(GuardWord::Kind kind, const std::string& version = "1", const std::string& text = "") {
    GuardWord word;
    set_text(word.version, version);
    set_text(word.text, text);
    word.kind = kind;
    word.counts_switches = 1;
    CHECK_EQUAL(static_cast<ssize_t>(sizeof(word)), ::send(guard.get(), &word, sizeof(word), 0));
  }
  GuardOrder order() {
    GuardOrder heard;
    CHECK_EQUAL(static_cast<ssize_t>(sizeof(heard)), ::recv(guard.get(), &heard, sizeof(heard), MSG_DONTWAIT));
    return heard;
  }
  bool no_order() {
    char byte = 0;
    return ::recv(guard.get(), &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }
  bool until_said(std::size_t count) {
    return run_until(loop, [this, count] { return said.size() >= count; });
  }
  void connect(const GuardSettings& settings = {}) {
    listen();
    make();
    daemon->configure(settings);
    accept();
    say(GuardWord::ready);
    CHECK(until_said(1));
  }
};

TEST(StallGuard, finds_the_one_that_runs_and_tells_it_what_to_watch) {
  connect({.enabled = true, .stall = 3s, .foreign = false});
  CHECK_TRUE(daemon->connected());
  CHECK_EQUAL(0, serious);
  const auto heard = order();
  CHECK(heard.kind == GuardOrder::configure);
  CHECK(Duration(heard.stall_ns) == 3s);
  CHECK_EQUAL(0U, heard.foreign);
}

TEST(StallGuard, announces_and_changes_settings) {
  connect();
  order();
  daemon->announce();
  CHECK(order().kind == GuardOrder::announce);
  daemon->configure({});  // the same again
  CHECK_TRUE(no_order());
  daemon->configure({.enabled = true, .stall = 2s});
  CHECK(Duration(order().stall_ns) == 2s);
  daemon->configure({.enabled = false});
  CHECK(order().kind == GuardOrder::quit);
}

TEST(StallGuard, what_was_announced_too_early_is_told_when_the_guard_is_ready) {
  listen();
  make();
  daemon->configure({});
  daemon->announce();
  accept();
  say(GuardWord::ready);
  CHECK(until_said(1));
  CHECK(order().kind == GuardOrder::announce);  // was sent at once and waited in the socket
  CHECK(order().kind == GuardOrder::configure);
  CHECK(order().kind == GuardOrder::announce);
}

TEST(StallGuard, tells_an_ejection) {
  connect();
  say(GuardWord::ejected, "1", "stuck let no ordinary task run for 1000 ms; ejected");
  CHECK(until_said(2));
  STRCMP_EQUAL("the stall guard: stuck let no ordinary task run for 1000 ms; ejected", said[1].c_str());
  CHECK_EQUAL(1, serious);
}

TEST(StallGuard, a_guard_of_another_version_is_ended_and_replaced) {
  listen();
  make("/no/such/guard");
  daemon->configure({});
  accept();
  say(GuardWord::ready, "0");
  CHECK(run_until(loop, [this] { return !no_order(); }));
  CHECK(order().kind == GuardOrder::quit);
  listener.reset();
  guard.reset();
  CHECK(until_said(1));
  STRCMP_CONTAINS("cannot start /no/such/guard", said[0].c_str());  // so a new one was to be started
  CHECK_FALSE(daemon->connected());
}

TEST(StallGuard, one_that_dies_is_found_or_started_again) {
  connect();
  guard.reset();
  CHECK(until_said(2));
  STRCMP_EQUAL("the stall guard has ended; starting it again", said[1].c_str());
  bool came = false;
  auto watch = FdWatch::create(loop, listener.get(), [&](FdWatch::Ready) { came = true; });
  (*watch)->want_readable();
  CHECK(run_until(loop, [&] { return came; }));
  accept();
  say(GuardWord::ready);
  CHECK(until_said(3));
  CHECK_TRUE(daemon->connected());
}

TEST(StallGuard, one_that_cannot_work_here_says_why_and_is_left_alone) {
  listen();
  make();
  daemon->configure({});
  accept();
  say(GuardWord::useless, "1", "cannot become a real-time task: not permitted");
  guard.reset();
  CHECK(until_said(1));
  STRCMP_EQUAL("no stall guard: cannot become a real-time task: not permitted", said[0].c_str());
  Timer timer(loop);
  bool passed = false;
  timer.set(50ms, [&] { passed = true; });
  CHECK(run_until(loop, [&] { return passed; }));
  CHECK_EQUAL(1U, said.size());
}

TEST(StallGuard, starts_the_program_with_its_end_of_the_connection) {
  const std::string program = directory / "guard";
  CHECK(write_file_atomic(program, "#!/bin/sh\n[ -S /dev/stdin ] && echo \"$@\" > " + (directory / "ran") + "\n", 0755)
            .has_value());
  make(program);
  daemon->configure({});
  CHECK(run_until(loop, [this] { return ::access((directory / "ran").c_str(), F_OK) == 0; }));
  CHECK(run_until(loop, [this] {
    const auto text = read_file(directory / "ran", 1000);
    return text && *text == "--run-dir " + directory.path() + "\n";
  }));
  STRCMP_EQUAL("", said.empty() ? "" : said[0].c_str());
}
