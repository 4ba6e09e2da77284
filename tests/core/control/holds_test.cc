// Holds, and commands that may take only so long.
#include <algorithm>

#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Holds) {
  ControllerFixture f;
  std::uint32_t made = 0;
  std::uint32_t answered = 0;

  // Daemon with rule "a" in force.
  void setup() override {
    f.boot(f.policy({"a", "b", "c"}));
    f.processes.begin(1, "a");
    check_attached("a");
    f.clock.advance(1s);
  }
  void check_attached(const char* scheduler) {
    CHECK_TRUE(f.settle());
    STRCMP_EQUAL(scheduler, f.attached().c_str());
    CHECK_TRUE(f.idle());
  }
  void hold(const std::string& scheduler, const std::string& mode = "") {
    made = answered = 0;
    f.controller->hold(
        {scheduler, mode, "a game", ":1.7"}, [this](std::uint32_t id) { made = id; },
        [this, note = f.note()](std::uint32_t id, Result<void> result) {
          answered = id;
          note(std::move(result));
        });
  }
  void check_done() {
    CHECK_TRUE(f.answer.has_value());
    CHECK_TEXT(f.answer->has_value(), f.answer->has_value() ? "" : f.answer->error().text.c_str());
    LONGS_EQUAL(made, answered);
  }
  std::size_t count() const { return f.controller->status().holds.size(); }
};

TEST(Holds, one_stands_above_the_rules_until_it_is_released) {
  hold("b", "fast");
  CHECK_TRUE(made > 0);
  CHECK_FALSE(f.answer.has_value());
  check_attached("b");
  check_done();
  const auto status = f.controller->status();
  STRCMP_EQUAL("hold by :1.7: a game", status.wanted.reason.c_str());
  CHECK_TRUE((status.holds == std::vector<HoldStatus>{{made, "b", "fast", ":1.7", "a game"}}));
  STRCMP_EQUAL("hold 1 on b by :1.7: a game", f.controller->explain().above.at(0).c_str());
  f.processes.begin(3, "c");
  check_attached("b");
  f.controller->release_hold(made);
  check_attached("c");
  LONGS_EQUAL(0, count());
  f.controller->release_hold(made);  // of nobody
  check_attached("c");
}

TEST(Holds, one_may_bring_arguments_of_its_own) {
  f.controller->hold(
      {.scheduler = "b", .mode = "", .reason = "", .by = ":1.7", .args = {{"--own"}}}, [](std::uint32_t) {},
      [](std::uint32_t, Result<void>) {});
  check_attached("b");
  CHECK_TRUE(f.controller->status().wanted.choice.args == std::vector<std::string>{"--own"});
}

TEST(Holds, the_newest_counts_and_an_override_stands_above) {
  hold("b");
  check_attached("b");
  const auto first = made;
  hold("c");
  check_attached("c");
  f.run("a");
  check_attached("a");
  hold("b");
  check_done();  // at once: it is the override that counts
  check_attached("a");
  f.controller->go_automatic(f.note());
  check_attached("b");
  f.controller->release_hold(made);
  check_attached("c");
  f.controller->release_hold(first);
  check_attached("c");
}

TEST(Holds, one_that_another_comes_before_stands_all_the_same) {
  hold("b");
  const auto first = made;
  hold("c");
  check_attached("c");
  check_done();
  f.controller->release_hold(made);
  check_attached("b");
  LONGS_EQUAL(first, f.controller->status().holds.at(0).id);
}

TEST(Holds, one_that_fails_leaves_nothing_behind) {
  f.bad_runs = {"b"};
  hold("b");
  check_attached("a");
  CHECK_TRUE(f.answer && !f.answer->has_value());
  LONGS_EQUAL(0, count());
  // It is in quarantine now, which a program does not lift.
  hold("b");
  check_attached("a");
  CHECK_TRUE(f.answer && !f.answer->has_value());
  LONGS_EQUAL(0, count());
}

TEST(Holds, only_what_policies_name_can_be_held) {
  for (const auto* scheduler : {"nonesuch", "oci:/srv/x:1", "ghcr.io/someone/x:1"}) {
    hold(scheduler);
    CHECK_TRUE(f.answer && !f.answer->has_value());
    LONGS_EQUAL(0, made);
    LONGS_EQUAL(0, answered);
  }
  hold("b", "slow");
  CHECK_TRUE(f.answer && !f.answer->has_value());
  hold("kernel");
  check_attached("");
  check_done();
}

TEST(Holds, the_end_of_the_daemon_is_not_the_end_of_the_held_scheduler) {
  hold("b");
  check_attached("b");
  f.controller->shut_down([] {}, false);
  f.controller->release_hold(made);  // its client's connection goes with the daemon
  CHECK_TRUE(f.settle());
  STRCMP_EQUAL("b", f.attached().c_str());
}

TEST(Holds, a_command_with_a_limit_is_undone_when_the_time_is_over) {
  f.controller->run({.scheduler = "b", .by = "anna", .within = 8s}, f.note());
  f.clock.advance(7s);  // its image is not even there
  f.controller->tick();
  CHECK_FALSE(f.answer.has_value());
  CHECK_TRUE(f.controller->deadline().has_value());
  f.clock.advance(1s);
  f.controller->tick();
  CHECK_TRUE(f.answer && !f.answer->has_value());
  CHECK_TRUE(f.answer->error().code == Errc::timeout);
  check_attached("a");
  CHECK_FALSE(f.controller->status().override_by.has_value());
}

TEST(Holds, a_command_that_keeps_its_limit_is_an_override_like_others) {
  f.controller->run({.scheduler = "b", .by = "anna", .within = 8s}, f.note());
  check_attached("b");
  CHECK_TRUE(f.answer && f.answer->has_value());
  f.controller->run({.scheduler = "c", .by = "anna", .within = 8s}, f.note());
  f.clock.advance(8s);
  f.controller->tick();
  CHECK_TRUE(f.answer && !f.answer->has_value());
  check_attached("b");  // what ruled before
  CHECK_TRUE(f.controller->status().override_by == "anna");
}

TEST(Holds, one_with_a_limit_is_gone_when_the_time_is_over) {
  f.controller->hold(
      {"b", "", "", ":1.7", 8s}, [](std::uint32_t) {},
      [note = f.note()](std::uint32_t, Result<void> result) { note(std::move(result)); });
  LONGS_EQUAL(1, count());
  f.clock.advance(8s);
  f.controller->tick();
  CHECK_TRUE(f.answer && !f.answer->has_value());
  CHECK_TRUE(f.answer->error().code == Errc::timeout);
  LONGS_EQUAL(0, count());
  check_attached("a");
}
