#include "core/sched/guard/stall_detector.h"

#include <functional>

#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

// A limit of one second at four ticks a second.
TEST_GROUP(StallDetector) {
  StallDetector detector{250ms, 1s};
  StallDetector::Tick tick;
  int ticks = 0;

  void setup() override { next(); }

  // One tick later, `late` behind its time.
  bool next(Duration late = 0ns) {
    ++ticks;
    tick.due = Instant(1000s) + 250ms * ticks;
    tick.now = tick.due + late;
    return detector.stalled(tick);
  }
  // How many of the next `count` ticks say that the machine is stalled, when `each` has changed what they see.
  int verdicts(
      int count, const std::function<void()>& each = [] {}) {
    int stalled = 0;
    for (int i = 0; i < count; ++i) {
      each();
      if (next()) ++stalled;
    }
    return stalled;
  }
};

TEST(StallDetector, a_canary_that_runs_is_no_stall) {
  CHECK_EQUAL(0, verdicts(1000, [this] { ++tick.canary; }));
}

TEST(StallDetector, silence_through_the_limit_is_a_stall) {
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}

TEST(StallDetector, the_limit_is_rounded_up_to_whole_ticks) {
  detector = StallDetector(250ms, 1100ms);
  CHECK(detector.limit() == 1250ms);
  next();
  CHECK_EQUAL(0, verdicts(4));
  CHECK_TRUE(next());
  CHECK(StallDetector(250ms, 0ms).limit() == 250ms);
}

TEST(StallDetector, after_a_verdict_it_counts_anew) {
  CHECK_EQUAL(1, verdicts(4));
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}

TEST(StallDetector, overload_that_starves_the_canary_is_none_while_others_run) {
  CHECK_EQUAL(0, verdicts(1000, [this] { ++tick.switches; }));
}

TEST(StallDetector, one_switch_within_the_limit_restarts_it) {
  CHECK_EQUAL(0, verdicts(3));
  ++tick.switches;
  CHECK_FALSE(next());
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}

TEST(StallDetector, progress_of_both_is_not_seen_twice) {
  ++tick.canary;
  ++tick.switches;
  CHECK_FALSE(next());
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}

// SIGSTOP and SIGCONT of the guard, a freeze of its cgroup, a resume from suspend, a paused VM whose clock went on: the
// canary stood still with it, and all that is seen is a tick long after its time.
TEST(StallDetector, a_late_tick_says_nothing_about_others) {
  CHECK_EQUAL(0, verdicts(3));
  CHECK_FALSE(next(10s));
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}

TEST(StallDetector, stopped_again_and_again_it_never_alarms) {
  for (int i = 0; i < 100; ++i) {
    CHECK_EQUAL(0, verdicts(3));
    CHECK_FALSE(next(500ms));
  }
}

TEST(StallDetector, a_little_late_is_on_time) {
  for (int i = 0; i < 3; ++i) CHECK_FALSE(next(100ms));
  CHECK_TRUE(next(100ms));
}

// A canary in a cgroup of cpu.max "10000 1000000" whose neighbours use it up runs once a second at worst.
TEST(StallDetector, a_quota_delays_the_canary_and_others_run) {
  for (int i = 0; i < 100; ++i) {
    CHECK_EQUAL(0, verdicts(3, [this] { ++tick.switches; }));
    ++tick.canary;
    CHECK_FALSE(next());
  }
}

TEST(StallDetector, without_the_counter_a_longer_limit_outlasts_a_quota) {
  detector = StallDetector(250ms, 5s);
  next();
  for (int i = 0; i < 100; ++i) {
    CHECK_EQUAL(0, verdicts(4));
    ++tick.canary;
    CHECK_FALSE(next());
  }
}

TEST(StallDetector, restarted_it_forgets) {
  CHECK_EQUAL(0, verdicts(3));
  detector.restart();
  CHECK_FALSE(next());
  CHECK_EQUAL(0, verdicts(3));
  CHECK_TRUE(next());
}
