#include "core/policy/model.h"

#include <functional>

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Model) {
  Scheduler scheduler;

  void setup() override {
    scheduler.name = "lavd";
    scheduler.image = "oci:/images:lavd";
    scheduler.args = {"--plain"};
    scheduler.modes = {{"gaming", {"--performance"}}, {"quiet", {}}};
    scheduler.where = {"a.toml", 3, 1};
  }
};

TEST(Model, without_a_mode_the_scheduler_gets_its_own_arguments) {
  const auto choice = choose(scheduler, "");
  CHECK_TRUE(choice && choice->args == std::vector<std::string>{"--plain"});
  STRCMP_EQUAL("lavd", choice->name().c_str());
  CHECK_FALSE(choice->is_kernel());
}

TEST(Model, a_mode_replaces_the_arguments) {
  CHECK_TRUE(choose(scheduler, "gaming")->args == std::vector<std::string>{"--performance"});
  STRCMP_EQUAL("gaming", choose(scheduler, "gaming")->mode.c_str());
  CHECK_TRUE(choose(scheduler, "quiet")->args.empty());
}

TEST(Model, a_mode_nobody_defined_is_no_choice) { CHECK_FALSE(choose(scheduler, "fast").has_value()); }

TEST(Model, no_scheduler_is_the_kernels_own) {
  CHECK_TRUE(Choice{}.is_kernel());
  STRCMP_EQUAL("kernel", Choice{}.name().c_str());
}

TEST(Model, where_it_stands_does_not_make_a_scheduler_another_one) {
  Scheduler moved = scheduler;
  moved.where = {"b.toml", 9, 9};
  CHECK_TRUE(moved == scheduler);
}

TEST(Model, everything_else_makes_it_another_one) {
  const std::vector<std::function<void(Scheduler&)>> changes = {
      [](Scheduler& s) { s.name = "x"; },
      [](Scheduler& s) { s.image = "x"; },
      [](Scheduler& s) { s.args = {}; },
      [](Scheduler& s) { s.modes.clear(); },
      [](Scheduler& s) { s.env["A"] = "b"; },
      [](Scheduler& s) { s.standby = true; },
      [](Scheduler& s) { s.profile = Profile::compat; },
      [](Scheduler& s) { s.handover = Handover::stop_first; },
      [](Scheduler& s) { s.memory = 1; },
      [](Scheduler& s) { s.pids = 1; },
      [](Scheduler& s) { s.caps_add = {"BPF"}; },
      [](Scheduler& s) { s.paths_rw = {"/x"}; },
      [](Scheduler& s) { s.devices = {"/dev/x"}; },
      [](Scheduler& s) { s.load_timeout = Duration(1); },
      [](Scheduler& s) { s.probation = Duration(1); },
  };
  for (const auto& change : changes) {
    Scheduler other = scheduler;
    change(other);
    CHECK_FALSE(other == scheduler);
  }
}

TEST(Model, the_same_program_is_what_would_run_the_same_way) {
  const Choice plain = *choose(scheduler, "");
  CHECK_TRUE(same_program(plain, plain));
  Scheduler renamed = scheduler;
  renamed.name = "other";
  renamed.modes.clear();
  renamed.load_timeout = Duration(1);
  CHECK_TRUE(same_program(plain, *choose(renamed, "")));

  CHECK_FALSE(same_program(plain, *choose(scheduler, "gaming")));
  Scheduler confined = scheduler;
  confined.profile = Profile::privileged;
  CHECK_FALSE(same_program(plain, *choose(confined, "")));
  Scheduler other_image = scheduler;
  other_image.image = "oci:/images:other";
  CHECK_FALSE(same_program(plain, *choose(other_image, "")));
}

TEST(Model, two_modes_with_the_same_arguments_are_the_same_program) {
  scheduler.modes["again"] = {"--performance"};
  CHECK_TRUE(same_program(*choose(scheduler, "gaming"), *choose(scheduler, "again")));
}

TEST(Model, the_kernels_own_is_the_same_program_only_as_itself) {
  CHECK_TRUE(same_program({}, {}));
  CHECK_FALSE(same_program({}, *choose(scheduler, "")));
  CHECK_FALSE(same_program(*choose(scheduler, ""), {}));
}

TEST(Model, a_name_means_the_first_scheduler_that_has_it) {
  Policy policy;
  Scheduler lower = scheduler;
  lower.image = "oci:/images:lower";
  policy.schedulers = {scheduler, lower};
  STRCMP_EQUAL(scheduler.image.c_str(), policy.find("lavd")->image.c_str());
  POINTERS_EQUAL(nullptr, policy.find("rusty"));
}
