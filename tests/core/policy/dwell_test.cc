#include "core/policy/dwell.h"

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Step = Dwell::Step;

TEST_GROUP(Dwell) {
  Dwell dwell;
  Instant now{1h};
  std::optional<Decision> present;

  Step want(const std::string& scheduler, Cause cause = Cause::rule, const std::string& rule = "f/r") {
    const Decision wanted{choice_of(scheduler), cause, rule, "", {}};
    const auto step = dwell.consider(present ? &*present : nullptr, wanted, now, 2s);
    if (step != Step::wait) present = wanted;
    return step;
  }
};

TEST(Dwell, automatic_changes_are_apart) {
  CHECK_TRUE(want("a") == Step::change);
  now += 1s;
  CHECK_TRUE(want("b") == Step::wait);
  CHECK_TRUE(*dwell.deadline() == now + 1s);
  now += 1s;
  CHECK_TRUE(want("b") == Step::change);
  CHECK_FALSE(dwell.deadline().has_value());
}

TEST(Dwell, what_is_no_longer_wanted_does_not_wait) {
  (void)want("a");
  now += 1s;
  CHECK_TRUE(want("b", Cause::default_choice) == Step::wait);
  CHECK_TRUE(want("a") == Step::stay);
  CHECK_FALSE(dwell.deadline().has_value());
}

TEST(Dwell, another_reason_for_the_same_is_told_at_once) {
  (void)want("a");
  CHECK_TRUE(want("a", Cause::rule, "f/other") == Step::retell);
  CHECK_TRUE(want("a", Cause::override_choice, "") == Step::retell);
  CHECK_TRUE(want("a", Cause::override_choice, "") == Step::stay);
}

TEST(Dwell, commands_and_holds_neither_wait_nor_count) {
  (void)want("a");
  now += 1s;
  CHECK_TRUE(want("b", Cause::override_choice) == Step::change);
  CHECK_TRUE(want("c", Cause::hold) == Step::change);
  CHECK_TRUE(want("a") == Step::wait);
  now += 1s;
  CHECK_TRUE(want("a") == Step::change);
}

TEST(Dwell, it_can_be_forgotten_and_resumed) {
  (void)want("a");
  dwell.forget();
  CHECK_TRUE(want("b") == Step::change);
  dwell.resume(now + 5s);
  now += 4s;
  CHECK_TRUE(want("a") == Step::wait);
}
