#include "core/policy/interests.h"

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Interests){
    static Interests of(ConditionSet when){return interests_of(policy_of({rule_of("r", "a", 1, {std::move(when)})}));
}
}
;

TEST(Interests, without_conditions_there_are_none) {
  CHECK_TRUE(interests_of(Policy{}) == Interests{});
  CHECK_TRUE(interests_of(policy_of({rule_of("r", "a", 1, {})})) == Interests{});
}

TEST(Interests, each_kind_asks_for_its_own_part) {
  LONGS_EQUAL(1, of({comm({"cs2"})}).processes.exact.count("cs2"));
  LONGS_EQUAL(2, of({CgroupCondition{{"/a", "/b/**"}, true}}).cgroups.size());
  CHECK_TRUE(of({TimeCondition{}}).clock);
  LONGS_EQUAL(1, of({PropertyCondition{{.name = "org.x"}, {true}}}).properties.count({.name = "org.x"}));
  const PressureCondition pressure{PressureResource::io, true, 100ms, 1s};
  LONGS_EQUAL(1, of({pressure}).pressures.count(pressure));
  const auto source = of({PowerCondition{{PowerSource::ac}, {}}});
  CHECK_TRUE(source.power_source && !source.power_profile);
  const auto profile = of({PowerCondition{{}, {PowerProfile::balanced}}});
  CHECK_TRUE(profile.power_profile && !profile.power_source);
}

TEST(Interests, signals_that_end_a_condition_are_among_them) {
  SignalCondition signal;
  signal.signal.member = "Begin";
  signal.until = SignalMatch{.member = "End"};
  LONGS_EQUAL(2, of({signal}).signals.size());
}

TEST(Interests, what_unless_asks_counts_and_what_two_rules_ask_counts_once) {
  auto rule = rule_of("r", "a", 1, {{CgroupCondition{{"/a"}}}});
  rule.unless = {{CgroupCondition{{"/a"}}}, {TimeCondition{}}};
  const auto interests = interests_of(policy_of({rule, rule}));
  LONGS_EQUAL(1, interests.cgroups.size());
  CHECK_TRUE(interests.clock);
}
