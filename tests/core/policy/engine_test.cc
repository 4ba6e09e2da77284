#include "core/policy/engine.h"

#include "tests/core/policy/policy_helpers.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Engine) {
  fakes::FakeClock clock;
  Engine engine;

  // A rule that holds while a process of its own name lives.
  static Rule rule(const std::string& name, int priority = 100) {
    return rule_of(name, "use-" + name, priority, {{comm({name})}});
  }
  void begin(std::int32_t pid, const std::string& name) {
    engine.apply(ProcessSeen{process_of(pid, name)}, clock.now());
  }
  void end(std::int32_t pid) { engine.apply(ProcessGone{{pid, 1}}, clock.now()); }
  Decision decide() { return engine.decide(clock.now()); }
  void check_wanted(const char* scheduler) { STRCMP_EQUAL(scheduler, decide().choice.name().c_str()); }
  void check_next(Duration from_now) {
    (void)decide();
    CHECK_TRUE(engine.next_change().has_value());
    CHECK_TRUE(*engine.next_change() - clock.now() == from_now);
  }
  void check_never_changes() {
    (void)decide();
    CHECK_FALSE(engine.next_change().has_value());
  }
  RuleState state(const std::string& name) {
    for (const auto& status : engine.rules()) {
      if (status.rule == "test.toml/" + name) return status.state;
    }
    FAIL("no such rule");
    return {};
  }
};

TEST(Engine, without_rules_the_fallback_runs) {
  check_wanted("kernel");
  Policy policy;
  policy.fallback = choice_of("fallback");
  engine.replace(policy);
  check_wanted("fallback");
  CHECK_TRUE(decide().cause == Cause::default_choice);
  STRCMP_EQUAL("", decide().rule.c_str());
  check_never_changes();
}

TEST(Engine, a_rule_rules_while_its_process_lives) {
  engine.replace(policy_of({rule("game")}));
  begin(1, "bash");
  check_wanted("kernel");
  begin(2, "game");
  check_wanted("use-game");
  STRCMP_EQUAL("test.toml/game", decide().rule.c_str());
  STRCMP_EQUAL("rule test.toml/game holds", decide().reason.c_str());
  CHECK_TRUE(decide().cause == Cause::rule);
  check_never_changes();
  end(2);
  check_wanted("kernel");
  check_never_changes();
}

TEST(Engine, a_rule_without_conditions_always_holds) {
  engine.replace(policy_of({rule_of("always", "a", 1, {})}));
  check_wanted("a");
}

TEST(Engine, all_conditions_of_a_set_or_all_of_another_must_hold) {
  engine.replace(policy_of({rule_of("r", "a", 1, {{comm({"x"}), comm({"y"})}, {comm({"z"})}})}));
  begin(1, "x");
  check_wanted("kernel");
  begin(2, "y");
  check_wanted("a");
  end(1);
  check_wanted("kernel");
  begin(3, "z");
  check_wanted("a");
}

TEST(Engine, delay_makes_a_rule_wait_for_processes_that_stay) {
  auto slow = rule("game");
  slow.delay = 10s;
  engine.replace(policy_of({slow}));
  begin(1, "game");
  check_wanted("kernel");
  CHECK_TRUE(state("game") == RuleState::pending);
  check_next(10s);
  clock.advance(10s - 1ns);
  check_wanted("kernel");
  clock.advance(1ns);
  check_wanted("use-game");
  CHECK_TRUE(state("game") == RuleState::active);
  check_never_changes();
}

TEST(Engine, a_pending_rule_whose_conditions_end_begins_anew) {
  auto slow = rule("game");
  slow.delay = 10s;
  engine.replace(policy_of({slow}));
  begin(1, "game");
  clock.advance(9s);
  end(1);
  CHECK_TRUE(state("game") == RuleState::idle);
  check_never_changes();
  begin(2, "game");
  clock.advance(9s);
  check_wanted("kernel");
  clock.advance(1s);
  check_wanted("use-game");
}

TEST(Engine, linger_keeps_a_rule_after_its_processes) {
  auto lingering = rule("game");
  lingering.linger = 5s;
  engine.replace(policy_of({lingering}));
  begin(1, "game");
  clock.advance(1h);
  end(1);
  check_wanted("use-game");
  STRCMP_EQUAL("rule test.toml/game lingers", decide().reason.c_str());
  CHECK_TRUE(state("game") == RuleState::lingering);
  check_next(5s);
  clock.advance(5s - 1ns);
  check_wanted("use-game");
  clock.advance(1ns);
  check_wanted("kernel");
  check_never_changes();
}

TEST(Engine, a_lingering_rule_becomes_active_at_once_without_its_delay) {
  auto both = rule("game");
  both.delay = 10s;
  both.linger = 5s;
  engine.replace(policy_of({both}));
  begin(1, "game");
  clock.advance(10s);
  end(1);
  clock.advance(4s);
  begin(2, "game");
  CHECK_TRUE(state("game") == RuleState::active);
  clock.advance(1h);
  check_wanted("use-game");
}

TEST(Engine, a_late_look_gives_the_same_as_one_in_time) {
  auto both = rule("game");
  both.delay = 10s;
  both.linger = 5s;
  engine.replace(policy_of({both}));
  begin(1, "game");
  clock.advance(1h);
  end(1);  // nobody asked while it was active: it was all the same
  check_wanted("use-game");
  CHECK_TRUE(state("game") == RuleState::lingering);
  clock.advance(1h);
  check_wanted("kernel");
}

TEST(Engine, unless_switches_a_rule_off) {
  auto careful = rule("game");
  careful.unless = {{comm({"backup"})}, {comm({"a"}), comm({"b"})}};
  engine.replace(policy_of({careful}));
  begin(1, "game");
  begin(2, "a");
  check_wanted("use-game");
  begin(3, "backup");
  check_wanted("kernel");
  end(3);
  check_wanted("use-game");
  begin(4, "b");
  check_wanted("kernel");
}

TEST(Engine, unless_lets_the_rule_linger) {
  auto careful = rule("game");
  careful.linger = 5s;
  careful.unless = {{comm({"backup"})}};
  engine.replace(policy_of({careful}));
  begin(1, "game");
  begin(2, "backup");
  check_wanted("use-game");
  clock.advance(5s);
  check_wanted("kernel");
}

TEST(Engine, the_higher_priority_wins_and_the_others_are_told_why) {
  engine.replace(policy_of({rule("low", 1), rule("high", 2)}));
  begin(1, "high");
  clock.advance(1s);
  begin(2, "low");
  check_wanted("use-high");
  const auto decision = decide();
  LONGS_EQUAL(1, decision.losers.size());
  STRCMP_EQUAL("test.toml/low", decision.losers[0].rule.c_str());
  STRCMP_EQUAL("priority 1 is below 2 of test.toml/high", decision.losers[0].reason.c_str());
}

TEST(Engine, with_equal_priority_conditions_win_over_none) {
  engine.replace(policy_of({rule("game"), rule_of("always", "a", 100, {})}));
  begin(1, "game");
  clock.advance(1s);
  check_wanted("use-game");
  STRCMP_EQUAL("has no conditions, test.toml/game has", decide().losers.at(0).reason.c_str());
}

TEST(Engine, with_equal_priority_the_one_active_since_later_wins) {
  engine.replace(policy_of({rule("a"), rule("b")}));
  begin(1, "b");
  clock.advance(1s);
  begin(2, "a");
  check_wanted("use-a");
  STRCMP_EQUAL("same priority as test.toml/a, which is active since later", decide().losers.at(0).reason.c_str());
  end(1);
  clock.advance(1s);
  begin(3, "b");
  check_wanted("use-b");
}

TEST(Engine, since_counts_from_the_end_of_the_delay) {
  auto slow = rule("a");
  slow.delay = 10s;
  engine.replace(policy_of({slow, rule("b")}));
  begin(1, "a");
  clock.advance(5s);
  begin(2, "b");
  check_wanted("use-b");
  clock.advance(5s);
  check_wanted("use-a");
}

TEST(Engine, lingering_and_coming_back_does_not_make_a_rule_newer) {
  auto old = rule("a");
  old.linger = 5s;
  engine.replace(policy_of({old, rule("b")}));
  begin(1, "a");
  clock.advance(1s);
  begin(2, "b");
  clock.advance(1s);
  end(1);
  clock.advance(1s);
  begin(3, "a");
  check_wanted("use-b");
}

TEST(Engine, what_is_equal_in_all_is_decided_by_file_and_name) {
  auto other_file = rule_of("a", "other", 100, {{comm({"game"})}});
  other_file.file = "zzz.toml";
  engine.replace(
      policy_of({other_file, rule_of("c", "c", 100, {{comm({"game"})}}), rule_of("b", "b", 100, {{comm({"game"})}})}));
  begin(1, "game");
  check_wanted("b");
  LONGS_EQUAL(2, decide().losers.size());
  STRCMP_EQUAL("test.toml/c", decide().losers[0].rule.c_str());
  STRCMP_EQUAL("zzz.toml/a", decide().losers[1].rule.c_str());
}

TEST(Engine, an_override_stands_above_all_rules) {
  engine.replace(policy_of({rule("game", 2), rule("low", 1)}));
  begin(1, "game");
  begin(2, "low");
  engine.set_override({.choice = choice_of("mine"), .by = "anna", .until = {}});
  const auto decision = decide();
  STRCMP_EQUAL("mine", decision.choice.name().c_str());
  CHECK_TRUE(decision.cause == Cause::override_choice);
  STRCMP_EQUAL("", decision.rule.c_str());
  STRCMP_EQUAL("override by anna", decision.reason.c_str());
  LONGS_EQUAL(2, decision.losers.size());
  STRCMP_EQUAL("test.toml/game", decision.losers[0].rule.c_str());
  STRCMP_EQUAL("an override stands above it", decision.losers[0].reason.c_str());
  check_never_changes();
  engine.clear_override();
  check_wanted("use-game");
}

TEST(Engine, an_override_to_the_kernel_holds_against_rules) {
  engine.replace(policy_of({rule("game")}));
  begin(1, "game");
  engine.set_override({.choice = {}, .by = "anna", .until = {}});
  check_wanted("kernel");
}

TEST(Engine, a_hold_stands_above_rules_and_below_an_override) {
  engine.replace(policy_of({rule("game")}));
  begin(1, "game");
  const auto id = engine.add_hold(choice_of("held"), "client 7");
  check_wanted("held");
  STRCMP_EQUAL("hold by client 7", decide().reason.c_str());
  CHECK_TRUE(decide().cause == Cause::hold);
  STRCMP_EQUAL("a hold stands above it", decide().losers.at(0).reason.c_str());
  engine.set_override({.choice = choice_of("mine"), .by = "anna", .until = {}});
  check_wanted("mine");
  engine.clear_override();
  check_wanted("held");
  CHECK_TRUE(engine.release_hold(id));
  check_wanted("use-game");
  CHECK_FALSE(engine.release_hold(id));
}

TEST(Engine, of_several_holds_the_newest_counts) {
  const auto first = engine.add_hold(choice_of("one"), "a");
  const auto second = engine.add_hold(choice_of("two"), "b");
  CHECK_TRUE(first != second);
  check_wanted("two");
  CHECK_TRUE(engine.release_hold(second));
  check_wanted("one");
  CHECK_TRUE(engine.add_hold(choice_of("three"), "c") > second);
  engine.replace(policy_of({rule("game")}));
  check_wanted("three");
  LONGS_EQUAL(2, engine.holds().size());
}

TEST(Engine, an_override_ends_at_its_time) {
  engine.replace(policy_of({rule("game")}));
  begin(1, "game");
  engine.set_override({.choice = choice_of("mine"), .by = "anna", .until = clock.now() + 60s});
  check_wanted("mine");
  check_next(60s);
  clock.advance(60s - 1ns);
  check_wanted("mine");
  clock.advance(1ns);
  check_wanted("use-game");
  CHECK_FALSE(engine.current_override().has_value());
  check_never_changes();
}

TEST(Engine, rules_go_on_under_an_override) {
  auto slow = rule("game");
  slow.delay = 10s;
  engine.replace(policy_of({slow}));
  engine.set_override({.choice = choice_of("mine"), .by = "anna", .until = {}});
  begin(1, "game");
  check_next(10s);
  clock.advance(10s);
  (void)decide();
  CHECK_TRUE(state("game") == RuleState::active);
}

TEST(Engine, the_next_change_is_the_earliest_of_all) {
  auto pending = rule("p");
  pending.delay = 10s;
  auto lingering = rule("l");
  lingering.linger = 7s;
  engine.replace(policy_of({pending, lingering}));
  begin(1, "l");
  begin(2, "p");
  end(1);
  check_next(7s);
  engine.set_override({.choice = {}, .by = "x", .until = clock.now() + 3s});
  check_next(3s);
  clock.advance(7s);
  check_next(3s);
  clock.advance(3s);
  check_never_changes();
}

TEST(Engine, a_new_policy_keeps_the_timers_of_unchanged_rules) {
  auto slow = rule("slow");
  slow.delay = 10s;
  auto lingering = rule("lingering");
  lingering.linger = 10s;
  engine.replace(policy_of({slow, lingering}));
  begin(1, "slow");
  begin(2, "lingering");
  end(2);
  clock.advance(4s);
  slow.where = {"moved.toml", 9, 9};
  engine.replace(policy_of({rule("new"), lingering, slow}));
  check_next(6s);
  CHECK_TRUE(state("slow") == RuleState::pending);
  CHECK_TRUE(state("lingering") == RuleState::lingering);
}

TEST(Engine, a_changed_rule_begins_anew) {
  auto slow = rule("game");
  slow.delay = 10s;
  engine.replace(policy_of({slow}));
  begin(1, "game");
  clock.advance(9s);
  slow.priority = 7;
  engine.replace(policy_of({slow}));
  check_next(10s);
  slow.delay = 0s;
  engine.replace(policy_of({slow}));
  check_wanted("use-game");
}

TEST(Engine, a_rule_with_changed_conditions_looks_at_the_processes_already_known) {
  engine.replace(policy_of({rule("a")}));
  begin(1, "b");
  check_wanted("kernel");
  auto changed = rule("a");
  changed.when = {{comm({"b"})}};
  engine.replace(policy_of({changed}));
  check_wanted("use-a");
}

TEST(Engine, a_rule_that_is_gone_rules_no_more) {
  engine.replace(policy_of({rule("a"), rule("b")}));
  begin(1, "a");
  check_wanted("use-a");
  engine.replace(policy_of({rule("b")}));
  check_wanted("kernel");
}

TEST(Engine, an_override_survives_a_new_policy) {
  engine.set_override({.choice = choice_of("mine"), .by = "anna", .until = {}});
  engine.replace(policy_of({rule("a")}));
  check_wanted("mine");
}

TEST(Engine, a_snapshot_drops_the_processes_it_does_not_name) {
  engine.replace(policy_of({rule("a"), rule("b", 1)}));
  begin(1, "a");
  begin(2, "b");
  engine.apply(ProcessSnapshot{{process_of(2, "b"), process_of(3, "c")}}, clock.now());
  check_wanted("use-b");
  engine.apply(ProcessSnapshot{}, clock.now());
  check_wanted("kernel");
}

TEST(Engine, a_snapshot_that_names_a_process_again_does_not_restart_its_rule) {
  auto slow = rule("a");
  slow.delay = 10s;
  engine.replace(policy_of({slow}));
  begin(1, "a");
  clock.advance(9s);
  engine.apply(ProcessSnapshot{{process_of(1, "a")}}, clock.now());
  check_next(1s);
}

TEST(Engine, rules_are_listed_with_the_highest_priority_first) {
  auto slow = rule("slow", 1);
  slow.delay = 10s;
  engine.replace(policy_of({slow, rule("b", 5), rule("c", 5), rule("a", 9)}));
  begin(1, "slow");
  begin(2, "c");
  (void)decide();
  const auto rules = engine.rules();
  LONGS_EQUAL(4, rules.size());
  STRCMP_EQUAL("test.toml/a", rules[0].rule.c_str());
  STRCMP_EQUAL("test.toml/b", rules[1].rule.c_str());
  STRCMP_EQUAL("test.toml/c", rules[2].rule.c_str());
  STRCMP_EQUAL("test.toml/slow", rules[3].rule.c_str());
  STRCMP_EQUAL("use-slow", rules[3].use.c_str());
  LONGS_EQUAL(9, rules[0].priority);
  CHECK_TRUE(rules[2].state == RuleState::active && !rules[2].until);
  CHECK_TRUE(rules[3].state == RuleState::pending && rules[3].until == clock.now() + 10s);
}
