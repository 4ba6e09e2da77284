// What others attach, and a kernel that does not let go.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

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

TEST(Strangers, ours_is_none_whichever_look_finds_its_link_first) {
  for (const int reads : {1, 2, 3}) {
    SwitcherFixture f;
    f.attach("a");
    Choice b = choice("b");
    b.scheduler->handover = Handover::stop_first;
    f.want(b);
    f.machine.image_ready();
    f.machine.set_enabled(f.machine.run().pid(), "b");
    f.machine.reads_before_listed = reads;
    f.machine.tell();
    f.settle();
    check_text("probation", f.state());
    check_text("b", f.attached());
    LONGS_EQUAL(0, f.count(HistoryEvent::foreign));
  }
}

TEST(Strangers, ours_out_of_turn_is_none_whichever_look_finds_its_link_first) {
  for (const int reads : {1, 2, 3}) {
    SwitcherFixture f;
    f.switcher->keep_ready({choice("b")});
    f.settle();
    f.machine.set_enabled(f.run_of("b")->pid(), "b");
    f.machine.reads_before_listed = reads;
    f.machine.tell();
    f.settle();
    check_text("idle", f.state());
    LONGS_EQUAL(1, f.count(HistoryEvent::out_of_turn));
    LONGS_EQUAL(0, f.count(HistoryEvent::foreign));
  }
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
