#include "core/loop/loop.h"

#include <memory>
#include <vector>

#include "core/loop/timer.h"
#include "core/loop/work.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(Loop){};

TEST(Loop, without_owners_there_is_nothing_to_wait_for) {
  Loop loop;
  CHECK_FALSE(loop.run_once(true));
  loop.run();
}

TEST(Loop, an_idle_owner_keeps_nobody_waiting) {
  Loop loop;
  const Timer timer(loop);
  CHECK_FALSE(loop.run_once(true));
  loop.run();
}

TEST(Loop, stop_ends_run_though_there_is_more_to_wait_for) {
  Loop loop;
  Timer never(loop);
  never.set(24h, [] {});
  Timer soon(loop);
  soon.set(0ms, [&] { loop.stop(); });
  loop.run();
  CHECK_TRUE(never.is_set());
}

TEST(Loop, a_turn_that_does_not_wait_returns_at_once) {
  Loop loop;
  Timer never(loop);
  never.set(24h, [] {});
  CHECK_TRUE(loop.run_once(false));
}

TEST(Loop, its_end_waits_for_close_callbacks_of_owners_just_destroyed) {
  Loop loop;
  std::vector<std::unique_ptr<Timer>> timers;
  for (int i = 0; i < 100; ++i) {
    timers.push_back(std::make_unique<Timer>(loop));
    timers.back()->set(24h, [] {});
  }
}

TEST(Loop, its_end_waits_for_work_and_calls_its_done) {
  bool done = false;
  {
    Loop loop;
    run_in_pool(
        loop, [] {}, [&] { done = true; });
  }
  CHECK_TRUE(done);
}
