#include "core/policy/process_table.h"

#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

TEST_GROUP(ProcessTable) {
  ProcessTable table;
  std::size_t game = 0;

  void setup() override { game = table.add_condition(comm({"game*"})); }
};

TEST(ProcessTable, holds_as_long_as_one_matching_process_lives) {
  CHECK_FALSE(table.holds(game));
  table.seen(process_of(1, "game-a"));
  table.seen(process_of(2, "game-b"));
  table.seen(process_of(3, "bash"));
  table.gone({1, 1});
  CHECK_TRUE(table.holds(game));
  table.gone({2, 1});
  CHECK_FALSE(table.holds(game));
  LONGS_EQUAL(1, table.size());
}

TEST(ProcessTable, a_process_that_is_seen_again_counts_once) {
  table.seen(process_of(1, "game"));
  table.seen(process_of(1, "game"));
  table.gone({1, 1});
  CHECK_FALSE(table.holds(game));
  LONGS_EQUAL(0, table.size());
}

TEST(ProcessTable, a_process_that_becomes_another_program_counts_as_that) {
  table.seen(process_of(1, "bash"));
  table.seen(process_of(1, "game"));
  CHECK_TRUE(table.holds(game));
  table.seen(process_of(1, "bash"));
  CHECK_FALSE(table.holds(game));
}

TEST(ProcessTable, a_pid_used_again_is_another_process) {
  table.seen(process_of(1, "game", 100));
  table.seen(process_of(1, "game", 200));
  LONGS_EQUAL(2, table.size());
  table.gone({1, 100});
  CHECK_TRUE(table.holds(game));
  table.gone({1, 200});
  CHECK_FALSE(table.holds(game));
}

TEST(ProcessTable, the_end_of_an_unknown_process_changes_nothing) {
  table.seen(process_of(1, "game"));
  table.gone({1, 999});
  table.gone({2, 1});
  CHECK_TRUE(table.holds(game));
}

TEST(ProcessTable, a_snapshot_replaces_everything) {
  table.seen(process_of(1, "game"));
  table.snapshot({process_of(2, "bash"), process_of(3, "vi")});
  CHECK_FALSE(table.holds(game));
  LONGS_EQUAL(2, table.size());
  table.snapshot({process_of(4, "game"), process_of(4, "game")});
  LONGS_EQUAL(1, table.size());
  table.gone({4, 1});
  CHECK_FALSE(table.holds(game));
}

TEST(ProcessTable, equal_conditions_share_a_number) {
  LONGS_EQUAL(game, table.add_condition(comm({"game*"})));
  CHECK_TRUE(game != table.add_condition(comm({"game"})));
}

TEST(ProcessTable, a_condition_added_later_counts_those_already_there) {
  table.seen(process_of(1, "game"));
  table.seen(process_of(2, "bash"));
  const auto bash = table.add_condition(comm({"bash"}));
  const auto none = table.add_condition(comm({"vi"}));
  CHECK_TRUE(table.holds(bash));
  CHECK_FALSE(table.holds(none));
  table.gone({2, 1});
  CHECK_FALSE(table.holds(bash));
}

TEST(ProcessTable, cleared_conditions_leave_the_processes) {
  table.seen(process_of(1, "bash"));
  table.clear_conditions();
  const auto bash = table.add_condition(comm({"bash"}));
  LONGS_EQUAL(0, bash);
  CHECK_TRUE(table.holds(bash));
}
