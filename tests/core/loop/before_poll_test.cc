#include "core/loop/before_poll.h"

#include <optional>
#include <vector>

#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(BeforePoll) {
  Loop loop;
  int calls = 0;
};

TEST(BeforePoll, is_called_before_each_wait) {
  const BeforePoll before(loop, [this] { ++calls; });
  Timer timer(loop);
  timer.set(24h, [] {});
  for (int turn = 1; turn <= 3; ++turn) {
    loop.run_once(false);
    LONGS_EQUAL(turn, calls);
  }
}

TEST(BeforePoll, what_it_sets_counts_in_the_same_turn) {
  Timer timer(loop);
  bool fired = false;
  const BeforePoll before(loop, [&] {
    if (!fired) timer.set(0ms, [&] { fired = true; });
  });
  Timer never(loop);
  never.set(24h, [] {});
  CHECK_TRUE(run_until(loop, [&] { return fired; }));
}

TEST(BeforePoll, alone_it_keeps_nobody_waiting) {
  const BeforePoll before(loop, [this] { ++calls; });
  CHECK_FALSE(loop.run_once(true));
}

TEST(BeforePoll, it_may_be_destroyed_by_its_own_call) {
  const std::vector<int> captured(100, 1);
  std::optional<BeforePoll> before;
  before.emplace(loop, [&, captured] {
    before.reset();
    calls += captured[99];
  });
  Timer timer(loop);
  timer.set(24h, [] {});
  loop.run_once(false);
  loop.run_once(false);
  LONGS_EQUAL(1, calls);
}
