// What the switcher takes over from an earlier daemon, and what it leaves for the next.
#include "tests/core/sched/switcher_fixture.h"

// Last: its macro for new breaks standard headers.
#include "tests/core/sched/check_text.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(Restart) {
  SwitcherFixture f;

  // What an earlier daemon left: `a` attached, others at the gate.
  void left(const std::vector<std::string>& waiting) {
    f.machine.left_over = {{{choice("a"), {}}, 51}};
    f.machine.set_enabled(51, "a");
    for (const auto& name : waiting) {
      const auto pid = 51 + static_cast<std::int32_t>(f.machine.left_over.size());
      RunRequest request{choice(name), {}};
      request.image.digest = "sha256:" + name;
      f.machine.left_over.emplace_back(request, pid);
      f.machine.left_at_gate.insert(pid);
    }
  }
  Tenure tenure(bool proved, std::optional<Choice> before = {}) const {
    return {.run = "old-51", .attached_at = f.clock.now(), .ops = "a", .proved = proved, .before = std::move(before)};
  }
};

TEST(Restart, a_standby_keeps_its_place_at_the_gate) {
  left({"b"});
  f.switcher->adopt(tenure(true), {choice("b")});
  f.want(choice("a"));
  f.settle();
  check_text("standby: at the gate", f.standby("b"));
  CHECK_TRUE(f.machine.image_requests.empty());
  f.want(choice("b"));
  f.pass(5ms);
  check_text("b", f.attached());
  LONGS_EQUAL(52, f.status().current->pid);
}

TEST(Restart, what_waits_and_is_not_wanted_any_more_is_ended) {
  left({"b", "c"});
  f.switcher->adopt(tenure(true), {choice("c")});
  f.want(choice("a"));
  f.settle();
  POINTERS_EQUAL(nullptr, f.run_of("b"));
  check_text("standby: at the gate", f.standby("c"));
}

TEST(Restart, a_candidate_that_waits_is_handed_over_to) {
  left({"b"});
  f.switcher->adopt(tenure(true), {});
  f.want(choice("b"));
  f.pass(5ms);
  check_text("b", f.attached());
  CHECK_TRUE(f.machine.image_requests.empty());
}

TEST(Restart, a_probation_goes_on_with_its_way_back_at_the_gate) {
  left({"b"});
  const auto earlier = tenure(false, choice("b"));
  f.clock.advance(10s);
  f.switcher->adopt(earlier, {});
  f.want(choice("a"));
  f.pass(1s);
  check_text("probation", f.state());
  check_text("previous: at the gate", f.standby("b"));
  f.run_of("a")->exit(1);
  f.pass(10ms);
  check_text("b", f.attached());
  CHECK_TRUE(f.machine.image_requests.size() <= 1);  // of a's next try
}

TEST(Restart, a_probation_that_was_over_meanwhile_is_passed) {
  left({});
  const auto earlier = tenure(false);
  f.clock.advance(1min);
  f.switcher->adopt(earlier, {});
  f.want(choice("a"));
  f.pass(1ms);
  check_text("running", f.state());
  check_text("a", f.proved.at(0));
  CHECK_TRUE(f.tenure->proved);
}

TEST(Restart, without_a_word_of_the_earlier_daemon_it_has_to_prove_itself) {
  left({});
  f.switcher->adopt({}, {});
  f.want(choice("a"));
  check_text("probation", f.state());
  f.pass(1min);
  check_text("running", f.state());
}

TEST(Restart, the_last_good_one_need_not_prove_itself) {
  left({});
  f.switcher->trust(choice("a"));
  f.switcher->adopt({}, {});
  f.want(choice("a"));
  check_text("running", f.state());
}

TEST(Restart, what_was_loaded_before_cpus_came_or_went_is_loaded_anew) {
  left({"b"});
  f.machine.state_.hotplug_seq = 7;
  f.switcher->adopt(tenure(true), {choice("b")});
  CHECK_TRUE(f.machine.runs[1]->killed);
  f.want(choice("a"));
  f.settle();
  check_text("standby: at the gate", f.standby("b"));
}

TEST(Restart, one_attached_without_a_link_is_known_by_its_tenure) {
  f.machine.left_over = {{{choice("a"), {}}, 51}};
  f.machine.set_enabled(51, "a", false);
  f.switcher->adopt(tenure(true), {});
  check_text("running", f.state());
}

TEST(Restart, one_whose_link_outlived_its_attachment_is_not_taken_for_what_is_attached) {
  f.machine.left_over = {{{choice("a"), {}}, 51}};
  f.machine.set_enabled(4242, "theirs");
  f.machine.stale_links = {{7, {51}}};
  f.switcher->adopt(tenure(true), {});
  check_text("foreign", f.state());
  check_text("theirs (pid 4242, theirs.service)", f.status().foreign_owner);
}

TEST(Restart, tells_what_the_next_daemon_needs) {
  f.attach("a");
  check_text(f.run_of("a")->id(), f.tenure->run);
  CHECK_FALSE(f.tenure->proved);
  f.pass(1min);
  CHECK_TRUE(f.tenure->proved);
  f.attach("b");
  check_text(f.run_of("b")->id(), f.tenure->run);
  check_text("a", f.tenure->before->name());
}

TEST(Restart, leaving_keeps_what_waits_at_the_gate_and_ends_what_does_not) {
  f.attach("a");
  f.switcher->keep_ready({choice("b")});
  f.settle();
  f.machine.auto_gate = false;
  f.want(choice("c"));
  f.progress();
  auto* standby = f.run_of("b");
  auto* candidate = f.run_of("c");
  bool done = false;
  f.switcher->shut_down([&] { done = true; }, true);
  CHECK_TRUE(candidate->killed);
  f.progress();
  CHECK_TRUE(done);
  CHECK_TRUE(std::ranges::find(f.machine.runs, standby) == f.machine.runs.end());
  LONGS_EQUAL(2, f.machine.abandoned);
}
