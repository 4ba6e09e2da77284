#include "core/policy/process_table.h"

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(ProcessTable) {
  Facts facts;
  ProcessTable table{facts};

  void watch(std::vector<ProcessCondition> conditions) {
    std::vector<Watched<ProcessCondition>> watched;
    for (auto& condition : conditions) watched.push_back({condition, static_cast<Fact>(watched.size())});
    facts.reset(watched.size());
    table.watch(watched);
  }
  bool holds(Fact fact) const { return facts.holds(fact); }
  const Fact game = 0;

  void setup() override { watch({comm({"game*"})}); }
};

TEST(ProcessTable, holds_as_long_as_one_matching_process_lives) {
  CHECK_FALSE(holds(game));
  table.seen(process_of(1, "game-a"));
  table.seen(process_of(2, "game-b"));
  table.seen(process_of(3, "bash"));
  table.gone({1, 1});
  CHECK_TRUE(holds(game));
  table.gone({2, 1});
  CHECK_FALSE(holds(game));
  LONGS_EQUAL(1, table.size());
}

TEST(ProcessTable, a_process_that_is_seen_again_counts_once) {
  table.seen(process_of(1, "game"));
  table.seen(process_of(1, "game"));
  table.gone({1, 1});
  CHECK_FALSE(holds(game));
  LONGS_EQUAL(0, table.size());
}

TEST(ProcessTable, a_process_that_becomes_another_program_counts_as_that) {
  table.seen(process_of(1, "bash"));
  table.seen(process_of(1, "game"));
  CHECK_TRUE(holds(game));
  table.seen(process_of(1, "bash"));
  CHECK_FALSE(holds(game));
}

TEST(ProcessTable, a_pid_used_again_is_another_process) {
  table.seen(process_of(1, "game", 100));
  table.seen(process_of(1, "game", 200));
  LONGS_EQUAL(2, table.size());
  table.gone({1, 100});
  CHECK_TRUE(holds(game));
  table.gone({1, 200});
  CHECK_FALSE(holds(game));
}

TEST(ProcessTable, the_end_of_an_unknown_process_changes_nothing) {
  table.seen(process_of(1, "game"));
  table.gone({1, 999});
  table.gone({2, 1});
  CHECK_TRUE(holds(game));
}

TEST(ProcessTable, a_snapshot_replaces_everything) {
  table.seen(process_of(1, "game"));
  table.snapshot({process_of(2, "bash"), process_of(3, "vi")});
  CHECK_FALSE(holds(game));
  LONGS_EQUAL(2, table.size());
  table.snapshot({process_of(4, "game"), process_of(4, "game")});
  LONGS_EQUAL(1, table.size());
  table.gone({4, 1});
  CHECK_FALSE(holds(game));
}

TEST(ProcessTable, new_conditions_look_at_the_processes_already_there) {
  table.seen(process_of(1, "game"));
  table.seen(process_of(2, "bash"));
  watch({comm({"bash"}), comm({"vi"})});
  CHECK_TRUE(holds(0));
  CHECK_FALSE(holds(1));
  table.gone({2, 1});
  CHECK_FALSE(holds(0));
}

TEST(ProcessTable, a_condition_without_names_is_found_by_each_other_key) {
  ProcessCondition by_exe, by_cmdline, by_parent, by_cgroup, by_user, by_env;
  by_exe.exe.globs = {"/opt/*/tool"};
  by_cmdline.cmdline.globs = {"* --batch *"};
  by_parent.parent.globs = {"steam"};
  by_cgroup.cgroup.globs = {"/user.slice/*"};
  by_user.user.globs = {"alice", "bob"};
  by_env.env = {{"SteamAppId", {{"?*"}}}};
  watch({by_exe, by_cmdline, by_parent, by_cgroup, by_user, by_env});
  Process process = process_of(1, "x");
  process.exe = "/opt/suite/bin/tool";
  process.cmdline = "tool --batch file";
  process.ancestors = {"bash", "steam", "systemd"};
  process.cgroup = "/user.slice/a.scope";
  process.user = "bob";
  process.environment = {{"HOME", "/"}, {"SteamAppId", "730"}};
  table.seen(process);
  for (Fact fact = 0; fact < 6; ++fact) CHECK_TRUE(holds(fact));
  table.seen(process_of(1, "x"));
  for (Fact fact = 0; fact < 6; ++fact) CHECK_FALSE(holds(fact));
}

TEST(ProcessTable, says_who_matches_without_its_environment) {
  Process process = process_of(7, "game");
  process.environment = {{"TOKEN", "secret"}};
  STRCMP_EQUAL("no process matches", table.detail(game).text.c_str());
  table.seen(process);
  STRCMP_EQUAL("game (7)", table.detail(game).text.c_str());
  for (std::int32_t pid = 8; pid < 13; ++pid) table.seen(process_of(pid, "game"));
  STRCMP_EQUAL("game (7), game (8), game (9) and 3 more", table.detail(game).text.c_str());
}
