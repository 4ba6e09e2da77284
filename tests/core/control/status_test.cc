// What the controller says about itself and about what is not as it should be.
#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(ControllerStatus) {
  ControllerFixture f;

  void setup() override { f.boot(f.policy({"a", "b"})); }

  void want(std::int32_t pid, const std::string& name) {
    f.clock.advance(1s);
    f.processes.begin(pid, name);
    CHECK_TRUE(f.settle());
  }
  void check(SystemState state, const char* discrepancy) {
    const auto status = f.controller->status();
    STRCMP_EQUAL(std::string(to_string(state)).c_str(), std::string(to_string(status.state)).c_str());
    STRCMP_EQUAL(discrepancy, status.discrepancy.c_str());
  }
};

TEST(ControllerStatus, as_wanted_there_is_nothing_to_say) {
  CHECK_TRUE(f.settle());
  check(SystemState::idle, "");
  want(1, "a");
  check(SystemState::running, "");
}

TEST(ControllerStatus, on_the_way_to_what_is_wanted_there_is_nothing_to_say) {
  f.processes.begin(1, "a");
  check(SystemState::preparing, "");
  f.progress();
  check(SystemState::handing_over, "");
}

TEST(ControllerStatus, a_failed_scheduler_while_another_runs) {
  want(1, "a");
  f.bad_runs = {"b"};
  want(2, "b");
  check(SystemState::running,
        "b is wanted, a runs; b is quarantined after 1 strike on this kernel (last: b exited with status 1 before it "
        "attached); `schedctl quarantine clear b` lifts it");
}

TEST(ControllerStatus, a_failed_scheduler_while_nothing_is_attached) {
  f.bad_runs = {"a"};
  want(1, "a");
  check(
      SystemState::idle,
      "a is wanted, nothing is attached; a is quarantined after 1 strike on this kernel (last: a exited with status 1 "
      "before it attached); `schedctl quarantine clear a` lifts it");
}

TEST(ControllerStatus, a_foreign_scheduler) {
  CHECK_TRUE(f.settle());
  f.machine.set_enabled(7, "x");
  f.machine.tell();
  check(SystemState::foreign, "x is attached by theirs (pid 7, theirs.service), not by schedkit");
  CHECK_TRUE(f.idle());
  f.machine.set_disabled();
  f.machine.tell();
  check(SystemState::idle, "");
}

TEST(ControllerStatus, a_foreign_scheduler_without_a_link) {
  CHECK_TRUE(f.settle());
  f.machine.set_enabled(7, "x", false);
  f.machine.tell();
  check(SystemState::foreign, "x is attached by somebody, not by schedkit");
  CHECK_TRUE(f.settle());
  check(SystemState::foreign, "x is attached by somebody, without a link, not by schedkit");
}

TEST(ControllerStatus, another_scheduler_in_place_of_ours) {
  want(1, "a");
  f.machine.set_enabled(7, "x");
  f.machine.tell();
  check(SystemState::managed_mismatch, "x is attached by theirs (pid 7, theirs.service) in place of a");
  CHECK_TRUE(f.idle());
}

TEST(ControllerStatus, ours_detached_while_its_process_lives) {
  want(1, "a");
  f.machine.set_disabled();
  f.machine.tell();
  check(SystemState::managed_detached, "a still runs but nothing is attached");
  CHECK_TRUE(f.settle());
  check(
      SystemState::idle,
      "a is wanted, nothing is attached; a is quarantined after 1 strike on this kernel (last: a: the kernel detached "
      "it); `schedctl quarantine clear a` lifts it");
  CHECK_TRUE(f.idle());
}

TEST(ControllerStatus, a_kernel_without_sched_ext) {
  f.machine.state_.state = ExtState::unsupported;
  f.boot(f.policy({"a"}));
  CHECK_TRUE(f.settle());
  check(SystemState::unsupported, "");
  want(1, "a");
  check(SystemState::unsupported, "a is wanted, but this kernel has no sched_ext");
  CHECK_TRUE(f.idle());
}

TEST(ControllerStatus, images_that_cannot_be_used_are_problems_until_they_can) {
  f.bad_images = {"oci:/images:b"};
  f.boot(f.policy({"a", "b"}));
  CHECK_TRUE(f.settle());
  auto problems = f.controller->status().problems;
  LONGS_EQUAL(1, problems.size());
  STRCMP_EQUAL("image oci:/images:b: its digest does not fit", problems[0].text.c_str());
  CHECK_TRUE(problems[0].code == Errc::integrity);

  f.bad_images.clear();
  f.controller->set_reader([](const std::function<void()>& done) { done(); });
  f.controller->reload(f.note());
  CHECK_TRUE(f.settle());
  LONGS_EQUAL(0, f.controller->status().problems.size());
}

TEST(ControllerStatus, images_no_policy_names_any_more_are_no_problem) {
  f.bad_images = {"oci:/images:b"};
  f.boot(f.policy({"a", "b"}));
  CHECK_TRUE(f.settle());
  LONGS_EQUAL(1, f.controller->status().problems.size());
  f.controller->replace(f.policy({"a"}));
  LONGS_EQUAL(0, f.controller->status().problems.size());
}

TEST(ControllerStatus, what_is_said_about_policy_files_is_shown) {
  PolicyFileStatus file;
  file.path = "/etc/schedkit/a.toml";
  const int before = f.changes;
  f.controller->report({.files = {file}, .problems = {{Errc::io, "cannot read /etc/schedkit", {}}}});
  CHECK_TRUE(f.changes > before);
  const auto status = f.controller->status();
  LONGS_EQUAL(1, status.files.size());
  CHECK_TRUE(status.files[0] == file);
  STRCMP_EQUAL("cannot read /etc/schedkit", status.problems.at(0).text.c_str());
}

TEST(ControllerStatus, rules_and_sources_are_shown) {
  want(1, "a");
  const auto status = f.controller->status();
  LONGS_EQUAL(2, status.rules.size());
  STRCMP_EQUAL("test.toml/a", status.rules[0].rule.c_str());
  CHECK_TRUE(status.rules[0].state == RuleState::active);
  LONGS_EQUAL(2, status.sources.size());
  STRCMP_EQUAL("fake", status.sources[0].name.c_str());
  STRCMP_EQUAL("fake-trigger", status.sources[1].name.c_str());
  STRCMP_EQUAL("test.toml/a", status.wanted.rule.c_str());
}
