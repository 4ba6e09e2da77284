// What an attach has to go through before it counts as good, and the way back when it does not.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Probation) { SwitcherFixture f; };

TEST(Probation, begins_with_an_attach_and_ends_with_its_time) {
  f.attach("a");
  check_text("probation", f.state());
  CHECK_TRUE(f.proved.empty());
  f.pass(30s);
  check_text("running", f.state());
  check_text("a", f.proved.at(0));
  check_text("passed  -> a", f.last_event());
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(Probation, a_scheduler_may_have_its_own_length) {
  Choice a = choice("a");
  a.scheduler->probation = 2s;
  f.want(a);
  f.pass(1s);
  check_text("probation", f.state());
  f.pass(2s);
  check_text("running", f.state());
}

TEST(Probation, the_previous_one_stands_at_the_gate_until_it_is_over) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  check_text("previous: at the gate", f.standby("a"));
  f.pass(1min);
  check_text("none", f.standby("a"));
  POINTERS_EQUAL(nullptr, f.run_of("a"));
}

TEST(Probation, an_exit_rolls_back_by_a_hand_over) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  const auto images = f.machine.image_requests.size();
  f.run_of("b")->exit(3);
  check_text("a", f.attached());  // at once: it was at the gate
  LONGS_EQUAL(images, f.machine.image_requests.size());
  f.pass(10ms);
  check_text("rolled-back kernel -> a", f.last_event());
  STRCMP_CONTAINS("in place of b: b: exited with status 3 (on probation)", f.history.back().cause.c_str());
}

TEST(Probation, an_ejection_rolls_back_with_the_kernels_reason) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.eject("runnable task stall", "cs2[303] failed to run for 3.212s");
  f.pass(5ms);
  check_text("a", f.attached());
  STRCMP_CONTAINS("runnable task stall; cs2[303] failed to run for 3.212s", f.status().last_failure->text.c_str());
  LONGS_EQUAL(1, f.strikes.records().at(0).count);
}

TEST(Probation, sysrq_rolls_back_too) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.eject("disabled by sysrq-S", "by hand");
  f.pass(5ms);
  check_text("a", f.attached());
}

TEST(Probation, too_much_pressure_rolls_back_and_nothing_is_without_a_scheduler_meanwhile) {
  f.switcher->configure({.cpu_pressure = 0.6});
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  DOUBLES_EQUAL(0.6, *f.pressure.watched, 0.001);
  f.pressure.rise();
  CHECK_TRUE(f.machine.detach_calls.size() == 2);  // a, then b: a was at the gate already
  f.settle();
  check_text("a", f.attached());
  STRCMP_CONTAINS("b: CPU pressure was above 60% for 2 s", f.status().last_failure->text.c_str());
}

TEST(Probation, pressure_that_was_there_before_is_not_held_against_it) {
  f.switcher->configure({.cpu_pressure = 0.6});
  f.pressure.share = 0.8;
  f.attach("a");
  DOUBLES_EQUAL(0.8, *f.pressure.watched, 0.001);
  f.pass(1min);
  CHECK_FALSE(f.pressure.watched.has_value());
}

TEST(Probation, pressure_with_nothing_to_go_back_to_ends_on_the_kernels_own) {
  f.switcher->configure({.cpu_pressure = 0.6});
  f.attach("a");
  f.pressure.rise();
  f.settle();
  check_text("", f.attached());
  check_text("rolled-back a -> kernel", f.last_event());
}

TEST(Probation, what_pressure_cannot_watch_is_told) {
  f.switcher->configure({.cpu_pressure = 0.6});
  f.pressure.error = Error{Errc::unsupported, "no PSI", {}};
  f.attach("a");
  check_text("probation", f.state());
  check_text("no PSI", f.history.back().text);
}

TEST(Probation, one_that_was_replaced_on_probation_is_better_than_nothing_to_go_back_to) {
  f.attach("a");
  f.attach("b");
  check_text("previous: at the gate", f.standby("a"));
  f.run_of("b")->exit(1);
  f.settle();
  check_text("a", f.attached());
}

TEST(Probation, one_that_was_replaced_on_probation_is_not_what_a_rollback_brings_back) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.attach("c");
  check_text("previous: at the gate", f.standby("a"));
  f.run_of("c")->exit(1);
  f.settle();
  check_text("a", f.attached());
}

TEST(Probation, goes_on_while_another_is_prepared) {
  f.attach("a");
  f.machine.auto_gate = false;
  f.want(choice("b"));
  f.pass(40s);
  check_text("a", f.proved.at(0));
  check_text("preparing", f.state());
}

TEST_GROUP(WayBack) { SwitcherFixture f; };

TEST(WayBack, previous_then_last_good_then_default_then_kernel) {
  f.fallback = choice("default");
  f.attach("a");
  f.pass(1min);
  f.switcher->trust(choice("good"));
  f.attach("b");
  f.strikes.configure({.limit = 1, .backoff_min = 1s, .backoff_max = 1s});
  f.run_of("b")->exit(1);
  f.settle();
  check_text("a", f.attached());
  f.run_of("a")->exit(1);
  f.settle();
  check_text("good", f.attached());
  f.run_of("good")->exit(1);
  f.settle();
  check_text("default", f.attached());
  f.run_of("default")->exit(1);
  f.settle();
  check_text("", f.attached());
  check_text("idle", f.state());
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(WayBack, the_kernels_own_is_a_previous_one_too) {
  f.switcher->trust(choice("good"));
  f.want({});
  f.settle();
  f.attach("a");
  check_text("none", f.standby("good"));
  f.run_of("a")->exit(1);
  f.settle();
  check_text("", f.attached());
}

TEST(WayBack, a_quarantined_wish_falls_to_the_last_good_one) {
  f.switcher->trust(choice("good"));
  f.want({});
  f.settle();
  f.strikes.configure({.limit = 1, .backoff_min = 1s, .backoff_max = 1s});
  f.strikes.add("sha256:oci:/images:a", {}, "a", "it stalled");
  f.attach("a");
  check_text("good", f.attached());
  STRCMP_CONTAINS("a is quarantined after 1 strike on this kernel (last: it stalled)", f.outcome->error().text.c_str());
  STRCMP_CONTAINS("schedctl quarantine clear a", f.outcome->error().text.c_str());
}

TEST(WayBack, from_a_refused_attach_is_what_was_detached_for_it) {
  f.attach("a");
  f.pass(1min);
  f.machine.auto_gate = false;
  f.want(choice("b"));
  f.progress();
  f.machine.init_fails = true;
  f.run_of("b")->reach_gate();
  f.machine.tell("sched_ext: BPF scheduler \"b\" disabled (runtime error)");
  f.machine.tell("sched_ext: b: ops.init() failed (-12)");
  f.pass(5ms);
  f.machine.init_fails = false;
  f.machine.auto_gate = true;
  f.run_of("a")->reach_gate();
  f.pass(20ms);
  check_text("a", f.attached());
  check_text("rolled-back kernel -> a", f.last_event());
}

TEST(WayBack, with_the_kernels_own_before_is_that_whatever_ran_earlier) {
  f.attach("a");
  f.attach("b");
  f.want({});
  f.settle();
  f.machine.init_fails = true;
  f.want(choice("c"));
  f.progress();
  f.machine.tell("sched_ext: BPF scheduler \"c\" disabled (runtime error)");
  f.machine.tell("sched_ext: c: ops.init() failed (-12)");
  f.pass(5ms);
  f.machine.init_fails = false;
  f.pass(100ms);
  check_text("", f.attached());
}
