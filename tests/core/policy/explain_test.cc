#include "core/policy/explain.h"

#include "core/policy/condition_text.h"
#include "tests/core/policy/policy_helpers.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Explain) {
  fakes::FakeClock clock;
  Engine engine;

  Explanation explained() {
    const Decision decision = engine.decide(clock.now());
    return explain(engine, decision, clock.now());
  }
};

TEST(Explain, rules_come_as_they_rank_with_their_facts) {
  auto slow = rule_of("slow", "c", 300, {{PowerCondition{{PowerSource::ac}, {}}}});
  slow.delay = 10s;
  engine.replace(policy_of({rule_of("idle", "x", 400, {{comm({"none"})}}), rule_of("low", "a", 100, {{comm({"game"})}}),
                            rule_of("high", "b", 200, {{comm({"game"}), comm({"obs"})}}), slow}));
  engine.apply(ProcessSnapshot{{process_of(1, "game"), process_of(2, "obs")}}, clock.now());
  engine.apply(PowerSeen{PowerSource::ac, {}}, clock.now());
  const auto now = explained();
  LONGS_EQUAL(4, now.rules.size());
  STRCMP_EQUAL("test.toml/high", now.rules[0].status.rule.c_str());
  CHECK_TRUE(now.rules[0].wins);
  STRCMP_EQUAL("holds and wins", now.rules[0].verdict.c_str());
  STRCMP_EQUAL("process comm=\"obs\"", now.rules[0].when[0].conditions[1].condition.c_str());
  STRCMP_EQUAL("obs (2)", now.rules[0].when[0].conditions[1].detail.c_str());
  STRCMP_EQUAL("holds, but priority 100 is below 200 of test.toml/high", now.rules[1].verdict.c_str());
  STRCMP_EQUAL("does not hold", now.rules[2].verdict.c_str());
  CHECK_FALSE(now.rules[2].when[0].holds);
  STRCMP_EQUAL("holds, but not yet for its delay", now.rules[3].verdict.c_str());
  CHECK_TRUE(now.rules[3].next_change == clock.now() + 10s);
  CHECK_TRUE(now.next_change == clock.now() + 10s);
}

TEST(Explain, unless_and_time_are_named) {
  auto rule = rule_of("r", "a", 1, {{SignalCondition{{.member = "Began"}, 10s, {}}}});
  rule.unless = {{comm({"backup"})}};
  engine.replace(policy_of({rule}));
  engine.apply(SignalSeen{{.member = "Began"}}, clock.now());
  CHECK_TRUE(explained().rules[0].next_change == clock.now() + 10s);
  engine.apply(ProcessSeen{process_of(1, "backup")}, clock.now());
  STRCMP_EQUAL("does not hold: its `unless` does", explained().rules[0].verdict.c_str());
}

TEST(Explain, what_stands_above_the_rules_is_listed) {
  engine.replace(policy_of({rule_of("r", "a", 1, {})}));
  (void)engine.add_hold(choice_of("h"), "client");
  engine.set_override({.choice = choice_of("o"), .by = "anna", .until = {}});
  const auto now = explained();
  LONGS_EQUAL(2, now.above.size());
  STRCMP_EQUAL("override to o by anna", now.above[0].c_str());
  STRCMP_EQUAL("hold 1 on h by client", now.above[1].c_str());
  CHECK_FALSE(now.rules[0].wins);
}

TEST(Explain, one_rule_can_be_chosen) {
  engine.replace(policy_of({rule_of("one", "a", 1, {}), rule_of("two", "a", 1, {})}));
  auto now = explained();
  CHECK_TRUE(keep_rule(now, "two").has_value());
  LONGS_EQUAL(1, now.rules.size());
  CHECK_TRUE(keep_rule(now, "test.toml/two").has_value());
  CHECK_FALSE(keep_rule(now, "three").has_value());
}

TEST(Explain, conditions_read_like_policy_files_without_environment_values) {
  ProcessCondition process = comm({"a", "b*"});
  process.env = {{"TOKEN", {{"secret"}}}};
  STRCMP_EQUAL("process comm=\"a|b*\" env=\"TOKEN\"", to_text(Condition(process)).c_str());
  STRCMP_EQUAL("time 22:00-06:30 Sat,Sun Europe/Berlin",
               to_text(Condition(TimeCondition{1320, 390, 0b1100000, "Europe/Berlin"})).c_str());
  STRCMP_EQUAL("cgroup populated path=\"/a/*\"", to_text(Condition(CgroupCondition{{"/a/*"}, false})).c_str());
  STRCMP_EQUAL(
      "dbus-signal org.x.Began arg0=\"x*\" for 10s",
      to_text(Condition(SignalCondition{{.interface = "org.x", .member = "Began", .args = {{0, "x*"}}}, 10s, {}}))
          .c_str());
  STRCMP_EQUAL(
      "dbus-property org.x / org.x.I.P is true or 1",
      to_text(Condition(PropertyCondition{{BusKind::system, "org.x", "/", "org.x.I", "P"}, {true, std::int64_t{1}}}))
          .c_str());
  STRCMP_EQUAL("pressure io full 400ms in 2s",
               to_text(Condition(PressureCondition{PressureResource::io, true, 400ms, 2s})).c_str());
}
