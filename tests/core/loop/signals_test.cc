#include "core/loop/signals.h"

#include <csignal>
#include <optional>

#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;

TEST_GROUP(Signals) {
  Loop loop;
  std::vector<int> seen;

  std::function<void(int)> note() {
    return [this](int number) { seen.push_back(number); };
  }
};

TEST(Signals, each_is_told_with_its_number) {
  const Signals signals(loop, {SIGUSR1, SIGUSR2}, note());
  ::raise(SIGUSR2);
  CHECK_TRUE(run_until(loop, [&] { return seen.size() == 1; }));
  ::raise(SIGUSR1);
  CHECK_TRUE(run_until(loop, [&] { return seen.size() == 2; }));
  LONGS_EQUAL(SIGUSR2, seen[0]);
  LONGS_EQUAL(SIGUSR1, seen[1]);
}

TEST(Signals, they_are_told_on_the_loop_not_from_the_handler) {
  const Signals signals(loop, {SIGUSR1}, note());
  ::raise(SIGUSR1);
  LONGS_EQUAL(0, seen.size());
  CHECK_TRUE(run_until(loop, [&] { return seen.size() == 1; }));
}

TEST(Signals, it_may_be_destroyed_by_its_own_call) {
  const std::vector<int> captured(100, SIGUSR1);
  std::optional<Signals> signals;
  signals.emplace(loop, std::vector{SIGUSR1, SIGUSR2}, [&, captured](int) {
    signals.reset();
    seen.push_back(captured[99]);
  });
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  CHECK_TRUE(run_until(loop, [&] { return !seen.empty(); }));
  loop.run();
  LONGS_EQUAL(1, seen.size());
}

TEST(Signals, without_owner_the_signal_has_its_usual_meaning_again) {
  { const Signals signals(loop, {SIGUSR1}, note()); }
  loop.run();
  struct sigaction action {};
  ::sigaction(SIGUSR1, nullptr, &action);
  CHECK_TRUE(action.sa_handler == SIG_DFL);
}
