// The engine with each kind of condition but processes, which engine_test.cc uses throughout.
#include "core/policy/world.h"

#include "core/policy/engine.h"
#include "tests/core/policy/policy_helpers.h"
#include "tests/fakes/fake_clock.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(World) {
  fakes::FakeClock clock;
  Engine engine;

  void use(Condition condition) { engine.replace(policy_of({rule_of("r", "a", 1, {{std::move(condition)}})})); }
  void tell(const Event& event) { engine.apply(event, clock.now()); }
  void check_holds(bool expected) {
    STRCMP_EQUAL(expected ? "a" : "kernel", engine.decide(clock.now()).choice.name().c_str());
  }
  void check_next(std::optional<Duration> from_now) {
    (void)engine.decide(clock.now());
    const auto next = engine.next_change();
    CHECK_TRUE(next.has_value() == from_now.has_value());
    if (next) CHECK_TRUE(*next - clock.now() == *from_now);
  }
  // Sat 2026-03-28 at `hour` o'clock UTC.
  void set_clock(int hour) {
    const WallTime wall = std::chrono::sys_days(std::chrono::year(2026) / 3 / 28) + std::chrono::hours(hour);
    tell(ClockSet{wall.time_since_epoch() - clock.now().time_since_epoch()});
  }
  static TimeCondition night(std::string zone = "") {
    return {.start = 22 * 60, .end = 6 * 60, .days = 0b1111111, .zone = std::move(zone)};
  }
};

TEST(World, a_cgroup_rule_follows_its_cgroup) {
  use(CgroupCondition{{"/build/**"}, false});
  tell(CgroupSnapshot{{{"/build/a", true}}});
  check_holds(true);
  tell(CgroupSeen{"/build/a", false});
  check_holds(false);
  tell(CgroupSeen{"/build/a", true});
  tell(CgroupGone{"/build/a"});
  check_holds(false);
  check_next(std::nullopt);
}

TEST(World, a_window_opens_and_closes_by_itself) {
  use(night());
  check_holds(false);
  check_next(std::nullopt);  // nobody knows the time yet
  set_clock(20);
  check_holds(false);
  check_next(2h);
  clock.advance(2h - 1ns);
  check_holds(false);
  clock.advance(1ns);
  check_holds(true);
  check_next(8h);
  clock.advance(8h);
  check_holds(false);
  check_next(16h);
}

TEST(World, a_clock_that_is_set_is_followed_at_once) {
  use(night());
  set_clock(20);
  set_clock(23);
  check_holds(true);
  check_next(7h);
  set_clock(12);
  check_holds(false);
  check_next(10h);
}

TEST(World, the_machines_zone_counts_only_for_windows_without_one) {
  engine.replace(policy_of({rule_of("local", "a", 2, {{night()}}), rule_of("own", "b", 1, {{night("UTC")}})}));
  set_clock(22);
  STRCMP_EQUAL("a", engine.decide(clock.now()).choice.name().c_str());
  tell(ZoneChanged{"America/New_York"});
  STRCMP_EQUAL("b", engine.decide(clock.now()).choice.name().c_str());
}

TEST(World, a_late_look_finds_a_window_that_came_and_went_with_its_linger) {
  auto rule = rule_of("r", "a", 1, {{night()}});
  rule.linger = 1h;
  engine.replace(policy_of({rule}));
  set_clock(20);
  clock.advance(10h + 30min);  // 06:30
  check_holds(true);
  check_next(30min);
}

TEST(World, a_reload_keeps_what_is_known_of_the_time) {
  auto rule = rule_of("r", "a", 1, {{night()}});
  rule.delay = 10min;
  engine.replace(policy_of({rule}));
  set_clock(22);
  clock.advance(4min);
  engine.replace(policy_of({rule, rule_of("new", "b", 2, {{night("UTC")}})}));
  STRCMP_EQUAL("b", engine.decide(clock.now()).choice.name().c_str());
  engine.replace(policy_of({rule}));
  check_next(6min);
  clock.advance(6min);
  check_holds(true);
}

TEST(World, a_signal_counts_for_its_time_and_each_one_starts_it_anew) {
  SignalCondition signal{{.member = "Began"}, 10s, {}};
  use(signal);
  check_holds(false);
  tell(SignalSeen{{.member = "Other"}});
  check_holds(false);
  tell(SignalSeen{{.member = "Began"}});
  check_holds(true);
  check_next(10s);
  clock.advance(9s);
  tell(SignalSeen{{.member = "Began"}});
  check_next(10s);
  clock.advance(10s);
  check_holds(false);
  check_next(std::nullopt);
}

TEST(World, a_signal_counts_until_another_comes) {
  use(SignalCondition{{.member = "Began"}, {}, SignalMatch{.member = "Ended"}});
  tell(SignalSeen{{.member = "Began"}});
  clock.advance(24h);
  check_holds(true);
  check_next(std::nullopt);
  tell(SignalSeen{{.member = "Ended"}});
  check_holds(false);
}

TEST(World, a_reload_keeps_signals_and_pressure_that_still_count) {
  const SignalCondition signal{{.member = "Began"}, 10s, {}};
  const PressureCondition pressure{PressureResource::cpu, false, 400ms, 2s};
  const auto rule = rule_of("r", "a", 1, {{signal, pressure}});
  engine.replace(policy_of({rule}));
  tell(SignalSeen{signal.signal});
  tell(PressureSeen{pressure});
  check_holds(true);
  clock.advance(1s);
  auto changed = rule;
  changed.priority = 7;
  engine.replace(policy_of({rule_of("new", "b", 0, {{comm({"x"})}}), changed}));
  check_holds(true);
  check_next(3s);
  clock.advance(3s);
  check_holds(false);
}

// The kernel tells at most once a window, and of lasting pressure a little later each time.
TEST(World, pressure_that_lasts_has_no_gaps) {
  const PressureCondition pressure{PressureResource::cpu, false, 400ms, 2s};
  use(pressure);
  for (int i = 0; i < 5; ++i) {
    tell(PressureSeen{pressure});
    clock.advance(2300ms);
    check_holds(true);
  }
}

TEST(World, pressure_counts_until_two_windows_pass_without_it) {
  const PressureCondition pressure{PressureResource::cpu, false, 400ms, 2s};
  use(pressure);
  tell(PressureSeen{{PressureResource::io, false, 400ms, 2s}});
  check_holds(false);
  tell(PressureSeen{pressure});
  clock.advance(1500ms);
  tell(PressureSeen{pressure});
  check_next(4s);
  clock.advance(4s);
  check_holds(false);
}

TEST(World, a_property_must_have_one_of_the_values_and_their_type) {
  const PropertyName name{.name = "org.x", .path = "/x", .interface = "org.x.I", .property = "Level"};
  use(PropertyCondition{name, {std::int64_t{3}, std::string("high")}});
  check_holds(false);
  tell(PropertySeen{name, std::int64_t{3}});
  check_holds(true);
  tell(PropertySeen{name, 3.0});
  check_holds(false);
  tell(PropertySeen{name, std::string("high")});
  check_holds(true);
  tell(PropertySeen{name, std::nullopt});
  check_holds(false);
  tell(PropertySeen{{.name = "org.y"}, std::int64_t{3}});
  check_holds(false);
}

TEST(World, a_reload_keeps_values_of_properties) {
  const PropertyName name{.name = "org.x", .path = "/x", .interface = "org.x.I", .property = "On"};
  use(PropertyCondition{name, {true}});
  tell(PropertySeen{name, false});
  use(PropertyCondition{name, {false}});
  check_holds(true);
}

TEST(World, power_must_fit_in_all_that_is_asked) {
  use(PowerCondition{{PowerSource::battery}, {PowerProfile::balanced, PowerProfile::power_saver}});
  check_holds(false);
  tell(PowerSeen{PowerSource::battery, std::nullopt});
  check_holds(false);
  tell(PowerSeen{PowerSource::battery, PowerProfile::power_saver});
  check_holds(true);
  tell(PowerSeen{PowerSource::ac, PowerProfile::power_saver});
  check_holds(false);
  tell(PowerSeen{PowerSource::battery, PowerProfile::performance});
  check_holds(false);
}

TEST(World, a_delay_that_ends_when_its_condition_does_has_been_waited_for) {
  auto rule = rule_of("r", "a", 1, {{SignalCondition{{.member = "Began"}, 10s, {}}}});
  rule.delay = 10s;
  rule.linger = 5s;
  engine.replace(policy_of({rule}));
  tell(SignalSeen{{.member = "Began"}});
  clock.advance(10s);
  check_holds(true);
  check_next(5s);
}

TEST(World, facts_are_described) {
  use(night("Europe/Berlin"));
  set_clock(20);
  const auto detail = engine.world().detail(0, clock.now());
  STRCMP_EQUAL("it is Sat 2026-03-28 21:00:00 Europe/Berlin", detail.text.c_str());
  CHECK_TRUE(detail.until == clock.now() + 1h);
  use(PropertyCondition{{.name = "org.x"}, {true}});
  tell(PropertySeen{{.name = "org.x"}, 1.0});
  STRCMP_EQUAL("it is 1.0", engine.world().detail(0, clock.now()).text.c_str());
  use(PowerCondition{{PowerSource::ac}, {}});
  STRCMP_EQUAL("source unknown, profile unknown", engine.world().detail(0, clock.now()).text.c_str());
}
