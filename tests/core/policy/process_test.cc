#include "core/policy/process.h"

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(Process) {
  Process process;
  ProcessCondition condition;

  void setup() override {
    process = process_of(7, "a-name-longer-than-comm");
    process.cmdline = "a-name-longer-than-comm --fast";
    process.user = "anna";
    process.cgroup = "/user.slice/app.scope";
    process.ancestors = {"bash", "sshd", "systemd"};
    process.environment = {{"GAME", "1"}, {"LANG", "C"}};
  }
};

TEST(Process, a_condition_without_keys_matches_every_process) { CHECK_TRUE(condition.matches(process)); }

TEST(Process, comm_is_the_present_name_or_that_of_the_executable) {
  CHECK_TRUE(comm({"a-name-longer-t"}).matches(process));
  CHECK_TRUE(comm({"a-name-longer-than-comm"}).matches(process));
  CHECK_FALSE(comm({"a-name"}).matches(process));
  process.comm = "renamed";
  CHECK_TRUE(comm({"renamed"}).matches(process));
  CHECK_TRUE(comm({"a-name-longer-than-comm"}).matches(process));
}

TEST(Process, any_pattern_of_a_key_is_enough) {
  CHECK_TRUE(comm({"x", "y", "a-name*"}).matches(process));
  CHECK_FALSE(comm({"x", "y"}).matches(process));
}

TEST(Process, all_keys_must_match) {
  condition = comm({"a-name*"});
  condition.user.globs = {"anna"};
  CHECK_TRUE(condition.matches(process));
  condition.user.globs = {"bert"};
  CHECK_FALSE(condition.matches(process));
}

TEST(Process, each_key_looks_at_its_own_fact) {
  const auto only = [](Patterns ProcessCondition::*key, const std::string& glob) {
    ProcessCondition one;
    (one.*key).globs = {glob};
    return one;
  };
  CHECK_TRUE(only(&ProcessCondition::exe, "/usr/bin/*").matches(process));
  CHECK_FALSE(only(&ProcessCondition::exe, "a-name*").matches(process));
  CHECK_TRUE(only(&ProcessCondition::cmdline, "*--fast*").matches(process));
  CHECK_FALSE(only(&ProcessCondition::cmdline, "--fast").matches(process));
  CHECK_TRUE(only(&ProcessCondition::cgroup, "/user.slice/*").matches(process));
  CHECK_FALSE(only(&ProcessCondition::cgroup, "/system.slice/*").matches(process));
  CHECK_TRUE(only(&ProcessCondition::parent, "sshd").matches(process));
  CHECK_FALSE(only(&ProcessCondition::parent, "cron").matches(process));
  process.ancestors.clear();
  CHECK_FALSE(only(&ProcessCondition::parent, "*").matches(process));
}

TEST(Process, every_environment_variable_asked_for_must_be_there) {
  condition.env = {{"GAME", {{"1"}}}, {"LANG", {{"C*"}}}};
  CHECK_TRUE(condition.matches(process));
  condition.env = {{"GAME", {{"0"}}}};
  CHECK_FALSE(condition.matches(process));
  condition.env = {{"GAME", {{"1"}}}, {"MISSING", {{"*"}}}};
  CHECK_FALSE(condition.matches(process));
}

TEST(Process, needs_are_the_sum_of_what_conditions_look_at) {
  ProcessNeeds needs;
  needs.include(comm({"x"}));
  CHECK_TRUE(needs == ProcessNeeds{});
  needs.include(exe({"/x"}));
  condition.env = {{"A", {{"1"}}}};
  condition.parent.globs = {"sshd"};
  needs.include(condition);
  CHECK_TRUE((needs == ProcessNeeds{.exe = true, .ancestors = true, .environment = true}));
  condition.cmdline = condition.user = condition.cgroup = {{"x"}};
  needs.include(condition);
  CHECK_TRUE(needs.cmdline && needs.user && needs.cgroup);
}
