#include "core/sched/switcher.h"

#include <CppUTest/TestHarness.h>

#include "tests/fakes/fake_cpu_pressure.h"
#include "tests/fakes/fake_machine.h"

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

Choice choice(const std::string& name) {
  Scheduler scheduler;
  scheduler.name = name;
  scheduler.image = "oci:/images:" + name;
  return {scheduler, "", {}};
}

}  // namespace

TEST_GROUP(Switcher) {
  fakes::FakeClock clock;
  fakes::FakeMachine machine;
  fakes::FakeCpuPressure pressure;
  Strikes strikes{clock, "7.2", [] {}};
  StopFirst stop_first{[] {}};
  std::unique_ptr<Switcher> switcher;
  std::optional<Result<void>> outcome;
  std::vector<HistoryEntry> history;

  void setup() override {
    strikes.configure({.limit = 1, .backoff_min = 1s, .backoff_max = 60s});  // one failure is enough here
    switcher = std::make_unique<Switcher>(
        Switcher::Parts{clock, machine, machine, machine, strikes, stop_first, pressure},
        Switcher::Events{[] {}, [this](HistoryEntry entry) { history.push_back(std::move(entry)); },
                         [](const Choice&) {}, [](const Tenure&) {}});
    switcher->configure({.probation = 0s});
  }
  void teardown() override { switcher.reset(); }

  void want(const Choice& wanted, bool commanded = false) {
    outcome.reset();
    switcher->want(
        {.choice = wanted, .fallback = {}, .cause = "test", .commanded = commanded, .done = [this](Result<void> r) {
           outcome = std::move(r);
         }});
  }
  void attach(const std::string& name) {
    want(choice(name));
    machine.image_ready();
    machine.run().reach_gate();
    settle();
    CHECK_TRUE(machine.state().ops == name);
  }
  // Lets the switcher's own time pass until it is settled.
  void settle() {
    for (int i = 0; i < 1000 && switcher->deadline(); ++i) {
      clock.advance(*switcher->deadline() - clock.now());
      switcher->tick();
    }
    CHECK_FALSE(switcher->deadline().has_value());
  }
  Status status() {
    Status status;
    switcher->describe(status);
    return status;
  }
  void check_state(SystemState expected) {
    STRCMP_EQUAL(std::string(to_string(expected)).c_str(), std::string(to_string(status().state)).c_str());
  }
};

TEST(Switcher, attaches_the_first_scheduler_through_the_gate) {
  want(choice("a"));
  check_state(SystemState::preparing);
  machine.image_ready();
  CHECK_TRUE(machine.state().state == ExtState::disabled);
  machine.run().reach_gate();
  settle();
  check_state(SystemState::running);
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  CHECK_TRUE(outcome && outcome->has_value());
}

TEST(Switcher, keeps_the_present_one_until_the_next_waits_at_the_gate) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  CHECK_TRUE(machine.detach_calls.empty());
  machine.run().reach_gate();
  settle();
  STRCMP_EQUAL("b", machine.state().ops.c_str());
  LONGS_EQUAL(1, machine.detach_calls.size());
  CHECK_TRUE(machine.runs[0]->stopped);
  STRCMP_EQUAL("a", status().last_switch->from.c_str());
  STRCMP_EQUAL("b", status().last_switch->to.c_str());
}

TEST(Switcher, returns_to_the_kernels_scheduler) {
  attach("a");
  want({});
  CHECK_TRUE(machine.state().state == ExtState::disabled);
  check_state(SystemState::idle);
  CHECK_TRUE(outcome && outcome->has_value());
}

TEST(Switcher, a_missing_image_costs_nothing) {
  attach("a");
  want(choice("b"));
  machine.image_fails({Errc::not_found, "no such layout", {}});
  settle();
  check_state(SystemState::running);
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  LONGS_EQUAL(1, machine.state().enable_seq);
  STRCMP_EQUAL("no such layout", status().last_failure->text.c_str());
  CHECK_TRUE(outcome && !outcome->has_value());
}

TEST(Switcher, an_exit_before_the_gate_costs_nothing_and_keeps_the_output) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  machine.run().exit(3);
  settle();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  LONGS_EQUAL(1, machine.state().enable_seq);
  STRCMP_CONTAINS("exited with status 3 before it attached", status().last_failure->text.c_str());
  STRCMP_EQUAL("its last line", status().last_failure->output.at(0).c_str());
  CHECK_FALSE(machine.alive(1));
}

TEST(Switcher, a_container_that_cannot_start_costs_nothing) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  machine.run().fail_to_start({Errc::failed, "crun: no", {}});
  settle();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  STRCMP_EQUAL("crun: no (strike 1: quarantined)", status().last_failure->text.c_str());
}

TEST(Switcher, a_scheduler_that_hangs_before_the_gate_is_killed_after_load_timeout) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  clock.advance(59s);
  switcher->tick();
  CHECK_FALSE(machine.run().killed);
  clock.advance(1s);
  switcher->tick();
  CHECK_TRUE(machine.run().killed);
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  STRCMP_CONTAINS("did not reach the attach gate within 1m", status().last_failure->text.c_str());
}

TEST(Switcher, a_failed_choice_is_not_tried_again_until_a_command_repeats_it) {
  want(choice("a"));
  machine.image_fails({Errc::not_found, "gone", {}});
  want(choice("a"));
  CHECK_TRUE(machine.image_requests.empty());
  want(choice("a"), true);
  LONGS_EQUAL(1, machine.image_requests.size());
}

TEST(Switcher, a_refused_attach_brings_the_previous_one_back) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  machine.init_fails = true;
  machine.run().reach_gate();
  machine.tell("sched_ext: BPF scheduler \"b\" disabled (runtime error)");
  machine.tell("sched_ext: b: ops.init() failed (-12)");
  machine.init_fails = false;
  clock.advance(5ms);
  switcher->tick();
  STRCMP_CONTAINS("could not be attached: the kernel refused it: runtime error; ops.init() failed (-12)",
                  status().last_failure->text.c_str());
  check_state(SystemState::preparing);
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  STRCMP_EQUAL("b", status().last_failure->scheduler.c_str());
}

TEST(Switcher, a_refusal_is_told_with_the_kernels_words_when_they_come_late) {
  want(choice("a"));
  machine.image_ready();
  machine.init_fails = true;
  machine.run().reach_gate();
  machine.state_.state = ExtState::enabling;
  machine.tell();
  machine.set_disabled();
  machine.tell();
  clock.advance(100ms);
  switcher->tick();
  check_state(SystemState::handing_over);
  machine.tell("sched_ext: BPF scheduler \"a\" disabled (runnable task stall)");
  clock.advance(50ms);
  switcher->tick();
  STRCMP_CONTAINS("the kernel refused it: runnable task stall", status().last_failure->text.c_str());
}

TEST(Switcher, our_own_detach_in_the_kernel_log_is_not_taken_for_a_refusal) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  machine.init_fails = true;  // keeps it in the attaching phase
  machine.run().reach_gate();
  machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from user space)");
  check_state(SystemState::handing_over);
  machine.set_enabled(machine.run().pid(), "b");
  settle();
  check_state(SystemState::running);
}

TEST(Switcher, an_attach_that_never_comes_times_out) {
  want(choice("a"));
  machine.image_ready();
  machine.init_fails = true;
  machine.run().reach_gate();
  settle();
  STRCMP_CONTAINS("not attached within 5s", status().last_failure->text.c_str());
  check_state(SystemState::idle);
}

TEST(Switcher, the_loss_of_the_present_one_brings_back_what_ran_before) {
  attach("a");
  attach("b");
  machine.run().exit(1);
  STRCMP_CONTAINS("b: exited with status 1", status().last_failure->text.c_str());
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
}

TEST(Switcher, when_that_fails_too_the_fallback_and_then_the_kernel) {
  attach("a");
  switcher->want({.choice = choice("b"), .fallback = choice("c"), .cause = "test"});
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  machine.run().exit(1);
  machine.image_fails({Errc::not_found, "a is gone", {}});
  STRCMP_EQUAL("oci:/images:c", machine.image_requests.at(0).first.c_str());
  machine.image_fails({Errc::not_found, "c is gone", {}});
  settle();
  check_state(SystemState::idle);
  CHECK_TRUE(machine.image_requests.empty());
}

TEST(Switcher, an_ejection_is_told_with_the_kernels_reason) {
  attach("a");
  machine.set_disabled();
  machine.tell();
  check_state(SystemState::managed_detached);
  machine.tell("sched_ext: BPF scheduler \"a\" disabled (runnable task stall)");
  machine.tell("sched_ext: a: watchdog failed to check in for 3.004s");
  settle();
  STRCMP_CONTAINS("runnable task stall; watchdog failed to check in for 3.004s", status().last_failure->text.c_str());
  CHECK_TRUE(machine.run().killed);
}

TEST(Switcher, a_restart_after_hotplug_is_no_failure) {
  attach("a");
  machine.set_disabled();
  machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
  machine.tell();
  clock.advance(2s);
  switcher->tick();
  machine.set_enabled(machine.run().pid(), "a");
  machine.tell();
  settle();
  check_state(SystemState::running);
  CHECK_FALSE(status().last_failure.has_value());
}

TEST(Switcher, an_exit_for_hotplug_starts_the_same_one_again) {
  attach("a");
  machine.tell("sched_ext: BPF scheduler \"a\" disabled (unregistered from the main kernel)");
  machine.run().exit(0);
  CHECK_FALSE(status().last_failure.has_value());
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  check_state(SystemState::running);
}

TEST(Switcher, a_candidate_loaded_before_a_hotplug_is_loaded_anew) {
  want(choice("a"));
  machine.image_ready();
  ++machine.state_.hotplug_seq;
  machine.run().reach_gate();
  CHECK_TRUE(machine.runs[0]->killed);
  machine.run().reach_gate();
  settle();
  check_state(SystemState::running);
}

TEST(Switcher, a_newer_wish_replaces_a_candidate_and_cancels_its_command) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  std::optional<Result<void>> first;
  switcher->want(
      {.choice = choice("b"), .fallback = {}, .cause = "t", .done = [&](Result<void> r) { first = std::move(r); }});
  want(choice("a"));
  CHECK_TRUE(first && first->error().code == Errc::cancelled);
  CHECK_TRUE(machine.runs[1]->killed);
  CHECK_TRUE(outcome && outcome->has_value());
  STRCMP_EQUAL("a", machine.state().ops.c_str());
  LONGS_EQUAL(1, machine.state().enable_seq);
}

TEST(Switcher, a_wish_that_changes_during_detach_is_followed) {
  attach("a");
  machine.detach_hangs = true;
  want(choice("b"));
  machine.image_ready();
  machine.run().reach_gate();
  check_state(SystemState::handing_over);
  want({});
  machine.finish_detach();
  settle();
  check_state(SystemState::idle);
  CHECK_TRUE(machine.runs[1]->killed);
  CHECK_TRUE(outcome && outcome->has_value());
}

TEST(Switcher, a_detach_that_hangs_climbs_the_ladder_to_sysrq) {
  attach("a");
  machine.detach_hangs = true;
  want({});
  clock.advance(5s);
  switcher->tick();
  CHECK_TRUE(machine.run().stopped);
  CHECK_FALSE(machine.run().killed);
  clock.advance(5s);
  switcher->tick();
  CHECK_TRUE(machine.run().killed);
  LONGS_EQUAL(0, machine.ejects);
  clock.advance(5s);
  switcher->tick();
  LONGS_EQUAL(1, machine.ejects);
  machine.tell();
  check_state(SystemState::idle);
}

TEST(Switcher, a_kernel_that_never_lets_go_is_reported) {
  attach("a");
  machine.detach_hangs = machine.eject_hangs = true;
  want(choice("b"));
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  STRCMP_CONTAINS("does not let go of a (state enabled)", outcome->error().text.c_str());
  CHECK_TRUE(machine.runs[1]->killed);
}

TEST(Switcher, respects_a_foreign_scheduler_until_a_command_says_otherwise) {
  machine.set_enabled(4242, "theirs");
  machine.tell();
  want(choice("a"));
  check_state(SystemState::foreign);
  STRCMP_EQUAL("theirs (pid 4242, theirs.service)", status().foreign_owner.c_str());
  CHECK_TRUE(machine.image_requests.empty());
  want(choice("a"), true);
  machine.image_ready();
  machine.run().reach_gate();
  settle();
  STRCMP_EQUAL("a", machine.state().ops.c_str());
}

TEST(Switcher, takes_its_turn_when_the_foreign_scheduler_leaves) {
  machine.set_enabled(4242, "theirs");
  machine.tell();
  want(choice("a"));
  machine.set_disabled();
  machine.tell();
  LONGS_EQUAL(1, machine.image_requests.size());
}

TEST(Switcher, one_of_ours_replaced_by_a_stranger_is_a_mismatch) {
  attach("a");
  machine.set_enabled(4242, "theirs");
  machine.tell();
  check_state(SystemState::managed_mismatch);
  want(choice("b"));
  CHECK_TRUE(machine.image_requests.empty());
  check_state(SystemState::foreign);
}

TEST(Switcher, stop_first_lets_go_before_it_starts_the_next) {
  attach("a");
  Choice b = choice("b");
  b.scheduler->handover = Handover::stop_first;
  want(b);
  machine.image_ready();
  CHECK_TRUE(machine.state().state == ExtState::disabled);
  machine.set_enabled(machine.run().pid(), "b");
  machine.tell();
  settle();
  check_state(SystemState::running);
}

TEST(Switcher, an_attach_without_a_link_counts_when_it_is_the_wanted_one) {
  want(choice("a"));
  machine.image_ready();
  machine.set_enabled(0, "a", false);
  machine.tell();
  settle();
  check_state(SystemState::running);
  want({});
  CHECK_TRUE(machine.run().stopped);
}

TEST(Switcher, adopts_what_an_earlier_daemon_left_attached_and_ends_the_rest) {
  machine.left_over = {{{choice("a"), {}}, 51}, {{choice("b"), {}}, 52}};
  machine.set_enabled(51, "a");
  switcher->adopt({}, {});
  check_state(SystemState::running);
  LONGS_EQUAL(51, status().current->pid);
  CHECK_TRUE(machine.runs[1]->killed);
  want(choice("a"));
  CHECK_TRUE(outcome && outcome->has_value());
  CHECK_TRUE(machine.image_requests.empty());
}

TEST(Switcher, shutting_down_leaves_the_attached_one_and_ends_candidates) {
  attach("a");
  want(choice("b"));
  machine.image_ready();
  bool done = false;
  switcher->shut_down([&] { done = true; });
  CHECK_TRUE(machine.runs[1]->killed);
  machine.runs[1]->exit(0);
  CHECK_TRUE(done);
  CHECK_TRUE(machine.runs[0]->abandoned);
  STRCMP_EQUAL("a", machine.state().ops.c_str());
}

TEST(Switcher, shutting_down_completes_a_hand_over) {
  attach("a");
  machine.detach_hangs = true;
  want(choice("b"));
  machine.image_ready();
  machine.run().reach_gate();
  bool done = false;
  switcher->shut_down([&] { done = true; });
  CHECK_FALSE(done);
  machine.finish_detach();
  clock.advance(5ms);
  switcher->tick();
  CHECK_FALSE(done);
  machine.runs[0]->exit(0);
  CHECK_TRUE(done);
  STRCMP_EQUAL("b", machine.state().ops.c_str());
  CHECK_TRUE(machine.run().abandoned);
}

TEST(Switcher, shutting_down_does_not_wait_for_ever_for_what_will_not_end) {
  attach("a");
  want({});
  bool done = false;
  switcher->shut_down([&] { done = true; });
  CHECK_FALSE(done);
  settle();
  CHECK_TRUE(done);
}

TEST(Switcher, says_unsupported_without_sched_ext) {
  machine.state_.state = ExtState::unsupported;
  want(choice("a"));
  check_state(SystemState::unsupported);
  CHECK_TRUE(outcome && outcome->error().code == Errc::unsupported);
}
