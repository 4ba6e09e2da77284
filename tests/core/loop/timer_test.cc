#include "core/loop/timer.h"

#include <optional>
#include <vector>

#include "tests/core/sched/loop_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(Timer) {
  Loop loop;
  int fired = 0;

  std::function<void()> count() {
    return [this] { ++fired; };
  }
  Instant now() { return std::chrono::steady_clock::now(); }
};

TEST(Timer, fires_once_and_not_early) {
  Timer timer(loop);
  const Instant before = now();
  timer.set(5ms, count());
  CHECK_TRUE(timer.is_set());
  loop.run();
  CHECK_TRUE(now() - before >= 5ms);
  LONGS_EQUAL(1, fired);
  CHECK_FALSE(timer.is_set());
}

// libuv counts whole milliseconds: one may end right after the timer was set.
TEST(Timer, not_early_when_set_late_in_a_millisecond) {
  const auto into_millisecond = [this] { return now().time_since_epoch() % 1ms; };
  Timer timer(loop);
  while (into_millisecond() < 900us) {
  }
  const Instant before = now();
  timer.set(1ms, count());
  while (into_millisecond() >= 900us) {
  }
  loop.run();
  CHECK_TRUE(now() - before >= 1ms);
  LONGS_EQUAL(1, fired);
}

TEST(Timer, a_part_of_a_millisecond_is_rounded_up) {
  Timer timer(loop);
  const Instant before = now();
  timer.set(1ns, count());
  loop.run();
  CHECK_TRUE(now() - before >= 1ns);
  LONGS_EQUAL(1, fired);
}

TEST(Timer, without_delay_it_fires_in_a_later_turn) {
  Timer timer(loop);
  timer.set(0ms, count());
  LONGS_EQUAL(0, fired);
  loop.run();
  timer.set(-5s, count());
  LONGS_EQUAL(1, fired);
  loop.run();
  LONGS_EQUAL(2, fired);
}

TEST(Timer, an_instant_in_the_past_fires_in_the_next_turn) {
  Timer timer(loop);
  timer.set_at(now() - 1h, count());
  loop.run();
  LONGS_EQUAL(1, fired);
}

TEST(Timer, an_instant_is_not_anticipated) {
  Timer timer(loop);
  const Instant when = now() + 3ms;
  timer.set_at(when, count());
  loop.run();
  CHECK_TRUE(now() >= when);
  LONGS_EQUAL(1, fired);
}

TEST(Timer, setting_it_again_replaces_what_was_set) {
  Timer timer(loop);
  bool replaced = false;
  timer.set(24h, [&] { replaced = true; });
  timer.set(0ms, count());
  loop.run();
  LONGS_EQUAL(1, fired);
  CHECK_FALSE(replaced);
}

TEST(Timer, cancelled_it_does_not_fire_and_keeps_nobody_waiting) {
  Timer timer(loop);
  timer.set(24h, count());
  timer.cancel();
  CHECK_FALSE(timer.is_set());
  loop.run();
  LONGS_EQUAL(0, fired);
}

TEST(Timer, it_may_set_itself_again) {
  Timer timer(loop);
  timer.set(0ms, [&] {
    ++fired;
    CHECK_FALSE(timer.is_set());
    timer.set(0ms, count());
  });
  loop.run();
  LONGS_EQUAL(2, fired);
}

TEST(Timer, it_may_be_destroyed_by_its_own_call) {
  std::optional<Timer> timer(std::in_place, loop);
  const std::vector<int> captured(100, 1);
  timer->set(0ms, [&timer, captured, this] {
    timer.reset();
    fired += captured[99];  // what the call holds lives on until it returns
  });
  loop.run();
  LONGS_EQUAL(1, fired);
}

TEST(Timer, one_may_destroy_another_that_is_due) {
  std::optional<Timer> first(std::in_place, loop);
  std::optional<Timer> second(std::in_place, loop);
  const auto end = [&](std::optional<Timer>& other) {
    return [&] {
      ++fired;
      other.reset();
    };
  };
  first->set(0ms, end(second));
  second->set(0ms, end(first));
  loop.run();
  LONGS_EQUAL(1, fired);
}
