// Schedulers that are kept at the gate.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

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

TEST(Standby, is_loaded_when_the_way_back_is_ready_or_lost) {
  for (const bool ready : {true, false}) {
    SwitcherFixture f;
    f.attach("a");
    f.pass(1min);
    f.machine.auto_gate = false;
    f.want(choice("b"));
    f.progress();
    f.run_of("b")->reach_gate();
    f.settle();
    check_text("probation", f.state());
    f.switcher->keep_ready({choice("c")});
    f.settle();
    check_text("previous: loading", f.standby("a"));
    check_text("standby: queued", f.standby("c"));
    POINTERS_EQUAL(nullptr, f.run_of("c"));
    ready ? f.run_of("a")->reach_gate() : f.run_of("a")->exit(1);
    f.settle();
    check_text("standby: loading", f.standby("c"));
  }
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
