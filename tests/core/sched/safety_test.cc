// Probation, rollback, back-off, quarantine, standby, strangers: the rows of the switcher's table that protect.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

namespace {

void check_text(const std::string& expected, const std::string& got) { STRCMP_EQUAL(expected.c_str(), got.c_str()); }

}  // namespace

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

TEST_GROUP(BackOff) { SwitcherFixture f; };

TEST(BackOff, doubles_and_ends_in_quarantine) {
  f.attach("a");
  f.pass(1min);
  std::vector<Duration> waits;
  f.want(choice("b"));
  for (int i = 0; i < 3; ++i) {
    f.settle();
    check_text("b", f.attached());
    f.run_of("b")->exit(1);
    f.settle();
    check_text("a", f.attached());
    LONGS_EQUAL(i + 1, f.strikes.records().at(0).count);
    f.pass(i == 0 ? 500ms : 1500ms);
    check_text("a", f.attached());  // it is left alone
    f.pass(i == 0 ? 500ms : 500ms);
  }
  CHECK_TRUE(f.strikes.quarantined("sha256:oci:/images:b", {}));
  f.pass(2h);
  check_text("a", f.attached());
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(BackOff, outlives_a_change_of_wishes_but_not_a_command) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.run_of("b")->exit(1);
  f.settle();
  f.attach("a");
  f.attach("b");
  check_text("a", f.attached());
  f.want(choice("b"), true);
  f.settle();
  check_text("b", f.attached());
}

TEST(BackOff, is_forgiven_by_a_passed_probation) {
  f.attach("a");
  f.run_of("a")->exit(1);
  f.pass(2s);
  check_text("a", f.attached());
  f.pass(1min);
  CHECK_TRUE(f.strikes.records().empty());
}

TEST(BackOff, hotplug_is_no_strike) {
  f.attach("a");
  for (int i = 0; i < 3; ++i) {
    f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
    f.machine.tell("sched_ext: a: cpu 1 going offline, exiting scheduler");
    f.run_of("a")->exit(0);
    f.settle();
    check_text("a", f.attached());
    check_text("restarted kernel -> a", f.last_event());
  }
  CHECK_TRUE(f.strikes.records().empty());
}

TEST(BackOff, an_attach_refused_for_hotplug_is_made_again_without_a_strike) {
  f.machine.init_fails = true;
  f.want(choice("a"));
  f.progress();
  f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
  f.machine.tell("sched_ext: a: expected hotplug seq 1 did not match actual 2");
  f.machine.init_fails = false;
  f.settle();
  check_text("a", f.attached());
  CHECK_TRUE(f.strikes.records().empty());
}

TEST_GROUP(Standby) {
  SwitcherFixture f;

  void keep(const std::vector<std::string>& names) {
    std::vector<Choice> choices;
    for (const auto& name : names) choices.push_back(choice(name));
    f.switcher->keep_ready(choices);
    f.settle();
  }
};

TEST(Standby, waits_at_the_gate_and_costs_nothing) {
  f.attach("a");
  keep({"b"});
  check_text("standby: at the gate", f.standby("b"));
  check_text("a", f.attached());
  f.pass(1min);
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(Standby, a_wish_for_it_is_a_hand_over_and_the_one_replaced_returns_to_it) {
  f.attach("a");
  f.pass(1min);
  keep({"a", "b"});
  const auto started = f.machine.runs.size();
  f.want(choice("b"));
  check_text("b", f.attached());
  LONGS_EQUAL(started, f.machine.runs.size());
  CHECK_TRUE(f.machine.image_requests.empty());
  f.settle();
  CHECK_TRUE(f.status().last_switch->prepare == 0s);
  CHECK_TRUE(f.at_gate("a"));
}

TEST(Standby, is_loaded_anew_when_cpus_come_or_go) {
  keep({"b"});
  auto* before = f.run_of("b");
  ++f.machine.state_.hotplug_seq;
  f.machine.tell();
  f.settle();
  CHECK_TRUE(f.at_gate("b"));
  CHECK_TRUE(f.run_of("b") != before);
  f.want(choice("b"));
  check_text("b", f.attached());
  LONGS_EQUAL(0, f.count(HistoryEvent::failed));
}

TEST(Standby, one_whose_cpus_changed_unseen_is_loaded_anew_before_anything_is_detached) {
  f.attach("a");
  keep({"b"});
  ++f.machine.state_.hotplug_seq;
  f.want(choice("b"));
  check_text("a", f.attached());
  f.settle();
  check_text("b", f.attached());
}

TEST(Standby, is_replaced_when_its_arguments_change_and_ended_when_nobody_wants_it) {
  keep({"b"});
  Choice changed = choice("b");
  changed.args = {"--other"};
  f.switcher->keep_ready({changed});
  f.settle();
  CHECK_TRUE(f.run_of("b")->request().choice.args == std::vector<std::string>{"--other"});
  keep({});
  POINTERS_EQUAL(nullptr, f.run_of("b"));
}

TEST(Standby, that_fails_is_given_up_with_a_reason) {
  f.attach("a");
  keep({"b"});
  f.run_of("b")->exit(9);
  f.pass(1min);
  check_text("standby: given up: b exited with status 9 at the gate", f.standby("b"));
  LONGS_EQUAL(1, f.strikes.records().at(0).count);
  check_text("a", f.attached());
  keep({"b"});
  check_text("standby: at the gate", f.standby("b"));
}

TEST(Standby, that_never_gets_to_the_gate_is_given_up) {
  f.machine.auto_gate = false;
  keep({"b"});
  f.pass(61s);
  STRCMP_CONTAINS("given up: b did not reach the attach gate within 1m", f.standby("b").c_str());
  POINTERS_EQUAL(nullptr, f.run_of("b"));
}

TEST(Standby, number_and_memory_are_limited_and_a_rollback_comes_first) {
  f.attach("a");
  f.pass(1min);
  keep({"b", "c", "d"});
  check_text("standby: not kept: no room: [standby] max is 2", f.standby("d"));
  f.attach("e");
  check_text("previous: at the gate", f.standby("a"));
  check_text("standby: at the gate", f.standby("b"));
  check_text("standby: not kept: no room: [standby] max is 2", f.standby("c"));
  Choice big = choice("big");
  big.scheduler->memory = 2ULL << 30;
  f.switcher->keep_ready({big});
  f.settle();
  STRCMP_CONTAINS("its memory limit is 2 GiB", f.standby("big").c_str());
}

TEST(Standby, a_rollback_that_cannot_be_prepared_is_given_up_and_loads_when_it_is_needed) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.run_of("a")->exit(1);
  f.pass(1s + 1ms);
  STRCMP_CONTAINS("given up", f.standby("a").c_str());
  check_text("b", f.attached());
  f.run_of("b")->exit(1);
  f.settle();
  check_text("a", f.attached());
}

TEST(Standby, one_that_stops_first_cannot_stand_by) {
  Choice b = choice("b");
  b.scheduler->handover = Handover::stop_first;
  f.switcher->keep_ready({b});
  f.settle();
  STRCMP_CONTAINS("stop-first", f.standby("b").c_str());
}

TEST(Standby, that_attaches_out_of_turn_is_a_mismatch_and_is_thrown_out_with_a_strike) {
  keep({"b"});
  auto* culprit = f.run_of("b");
  f.machine.detach_hangs = true;
  f.machine.set_enabled(culprit->pid(), "b");
  f.machine.tell();
  check_text("managed-mismatch", f.state());
  f.machine.finish_detach();
  f.settle();
  check_text("", f.attached());
  check_text("idle", f.state());
  LONGS_EQUAL(1, f.count(HistoryEvent::out_of_turn));
  LONGS_EQUAL(1, f.strikes.records().at(0).count);
}

TEST(Standby, that_takes_the_goals_turn_does_not_win) {
  f.attach("a");
  keep({"b"});
  f.machine.init_fails = true;  // c hangs in its attach call
  f.want(choice("c"));
  f.progress();
  f.machine.init_fails = false;
  f.machine.set_enabled(f.run_of("b")->pid(), "b");
  f.machine.tell();
  f.settle();
  check_text("c", f.attached());
  check_text("b", f.strikes.records().at(0).scheduler);
}

TEST(Standby, shutting_down_ends_it) {
  keep({"b"});
  auto* run = f.run_of("b");
  bool done = false;
  f.switcher->shut_down([&] { done = true; });
  CHECK_TRUE(run->killed);
  f.progress();
  CHECK_TRUE(done);
}

TEST_GROUP(Strangers) { SwitcherFixture f; };

TEST(Strangers, are_named_and_recorded_once) {
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  f.machine.tell();
  check_text("foreign", f.state());
  check_text("theirs (pid 4242, theirs.service)", f.status().foreign_owner);
  LONGS_EQUAL(1, f.count(HistoryEvent::foreign));
}

TEST(Strangers, a_pinned_link_without_a_process_is_orphaned) {
  f.machine.set_enabled(0, "theirs");
  f.machine.tell();
  f.pass(2s);
  check_text("orphaned-kernel-state", f.state());
  check_text("nobody, pinned at /sys/fs/bpf/theirs", f.status().foreign_owner);
  f.want(choice("a"), true);
  f.settle();
  check_text("a", f.attached());
}

TEST(Strangers, whose_link_is_not_listed_yet_are_looked_for_again) {
  f.machine.link_is_listed = false;
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  check_text("foreign", f.state());
  check_text("somebody", f.status().foreign_owner);
  LONGS_EQUAL(0, f.count(HistoryEvent::foreign));
  f.machine.link_is_listed = true;
  f.pass(5ms);
  check_text("theirs (pid 4242, theirs.service)", f.status().foreign_owner);
  LONGS_EQUAL(1, f.count(HistoryEvent::foreign));
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(Strangers, without_a_link_are_not_looked_for_without_end) {
  f.machine.set_enabled(4242, "theirs", false);
  f.machine.tell();
  f.pass(2s);
  check_text("somebody, without a link", f.status().foreign_owner);
  LONGS_EQUAL(1, f.count(HistoryEvent::foreign));
  CHECK_FALSE(f.switcher->deadline().has_value());
  f.machine.tell();
  CHECK_FALSE(f.switcher->deadline().has_value());
}

TEST(Strangers, are_not_ejected_by_sysrq_only_because_their_link_is_not_listed_yet) {
  f.switcher->configure({.replace_foreign = true});
  f.want(choice("a"));
  f.machine.link_is_listed = false;
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  f.progress();
  CHECK_TRUE(f.machine.detach_calls.empty());
  f.machine.link_is_listed = true;
  f.settle();
  LONGS_EQUAL(1, f.machine.detach_calls.size());
  LONGS_EQUAL(0, f.machine.ejects);
  check_text("a", f.attached());
}

TEST(Strangers, that_attach_while_one_of_ours_loads_are_not_taken_for_it) {
  f.machine.auto_gate = false;
  f.want(choice("a"));
  f.progress();
  f.machine.link_is_listed = false;
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  f.machine.link_is_listed = true;
  f.pass(10ms);
  CHECK_FALSE(f.status().current.has_value());
  f.run_of("a")->reach_gate();
  f.settle();
  check_text("theirs", f.attached());
  check_text("foreign", f.state());
}

TEST(Strangers, one_of_ours_that_attaches_anew_is_none_while_its_link_is_not_listed) {
  f.want(choice("a"), true);
  f.settle();
  f.machine.set_disabled();
  f.machine.tell();
  f.machine.link_is_listed = false;
  f.machine.set_enabled(f.run_of("a")->pid(), "a");
  f.machine.tell();
  check_text("probation", f.state());
  f.machine.link_is_listed = true;
  f.settle();
  check_text("probation", f.state());
  CHECK_FALSE(f.run_of("a")->killed);
  LONGS_EQUAL(0, f.count(HistoryEvent::foreign));
}

TEST(Strangers, are_replaced_when_set_so) {
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  f.switcher->configure({.replace_foreign = true});
  f.attach("a");
  check_text("a", f.attached());
}

TEST(Strangers, ours_replaced_behind_our_back_is_a_mismatch_without_a_strike) {
  f.attach("a");
  f.machine.set_disabled();
  f.machine.tell();
  check_text("managed-detached", f.state());
  f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from user space)");
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  check_text("managed-mismatch", f.state());
  CHECK_TRUE(f.strikes.records().empty());
  f.run_of("a")->exit(0);
  f.settle();
  CHECK_TRUE(f.strikes.records().empty());
  check_text("foreign", f.state());
}

TEST(Strangers, are_not_taken_for_ours_because_its_process_still_holds_its_link) {
  f.attach("a");
  f.machine.stale_links = {{1, {f.run_of("a")->pid()}}};
  LONGS_EQUAL(1, f.machine.links()->back().id);
  f.machine.set_disabled();
  f.machine.tell();
  f.machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
  f.machine.set_enabled(4242, "theirs");
  f.machine.tell();
  check_text("managed-mismatch", f.state());
  check_text("theirs (pid 4242, theirs.service)", f.status().foreign_owner);
}

TEST(Strangers, of_the_same_name_are_not_taken_for_ours_either) {
  f.attach("a");
  f.machine.stale_links = {{1, {f.run_of("a")->pid()}}};
  f.machine.set_disabled();
  f.machine.tell();
  f.machine.set_enabled(4242, "a");
  f.machine.tell();
  check_text("managed-mismatch", f.state());
}

TEST(Strangers, a_child_that_holds_the_link_is_detached_too) {
  f.attach("a");
  f.pass(1min);
  f.attach("b");
  f.machine.keeps_link_after_exit = true;
  f.machine.detach_hangs = true;
  f.run_of("b")->exit(1);
  check_text("managed-mismatch", f.state());
  check_text("b", f.attached());
  f.machine.finish_detach();
  f.settle();
  check_text("a", f.attached());
  STRCMP_CONTAINS("a process that it left behind held it attached", f.status().last_failure->text.c_str());
}

TEST(Strangers, what_is_left_of_ours_and_is_being_ended_is_none) {
  f.machine.left_over = {{{choice("a"), {}}, 51}};
  f.machine.link_is_listed = false;  // the attach call had not returned when the earlier daemon died
  f.machine.set_enabled(51, "a");
  f.switcher->adopt({}, {});
  f.machine.link_is_listed = true;
  f.machine.tell();
  check_text("handing-over", f.state());
  f.settle();
  check_text("idle", f.state());
  LONGS_EQUAL(0, f.count(HistoryEvent::foreign));
}

TEST_GROUP(Stuck) { SwitcherFixture f; };

TEST(Stuck, a_kernel_that_does_not_let_go_is_told_and_costs_the_candidate_nothing) {
  f.attach("a");
  f.machine.detach_hangs = f.machine.eject_hangs = f.machine.keeps_link_after_exit = true;
  f.want(choice("b"));
  f.pass(1min);
  STRCMP_CONTAINS("the kernel does not let go of a (state enabled)", f.outcome->error().text.c_str());
  LONGS_EQUAL(1, f.count(HistoryEvent::stuck));
  CHECK_TRUE(f.strikes.records().empty());
  f.machine.finish_detach();
  f.machine.tell();
  f.machine.detach_hangs = false;
  f.settle();
  check_text("b", f.attached());
}

TEST_GROUP(WishesInAnyPhase) { SwitcherFixture f; };

TEST(WishesInAnyPhase, while_attaching_the_newer_one_follows) {
  f.machine.init_fails = true;
  f.want(choice("a"));
  f.progress();
  check_text("handing-over", f.state());
  f.machine.init_fails = false;
  f.want(choice("b"));
  f.machine.set_enabled(f.run_of("a")->pid(), "a");
  f.machine.tell();
  f.settle();
  check_text("b", f.attached());
}

TEST(WishesInAnyPhase, while_lost_the_newer_one_follows) {
  f.attach("a");
  f.machine.set_disabled();
  f.machine.tell();
  f.want(choice("b"));
  check_text("managed-detached", f.state());
  f.pass(2s);
  check_text("b", f.attached());
}

TEST(WishesInAnyPhase, one_given_up_while_preparing_is_recorded) {
  f.machine.auto_gate = false;
  f.want(choice("a"));
  f.pass(2s);
  f.want({});
  check_text("superseded kernel -> a", f.last_event());
  CHECK_TRUE(f.history.back().prepare == 2s);
  check_text("idle", f.state());
}
