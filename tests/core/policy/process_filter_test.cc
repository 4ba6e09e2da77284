#include "core/policy/process_filter.h"

#include <random>

#include "core/base/text.h"
#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

using Names = std::set<std::string>;

TEST_GROUP(ProcessFilter){static ProcessFilter filter_of(const ProcessCondition& condition){
    return process_filter(policy_of({rule_of("r", "a", 100, {{condition}})}));
}
static void check_wide(const ProcessCondition& condition, const char* why) {
  const auto filter = filter_of(condition);
  CHECK_TRUE(filter.everything);
  LONGS_EQUAL(1, filter.wide_because.size());
  STRCMP_CONTAINS(why, filter.wide_because[0].c_str());
  CHECK_TRUE(filter.admits("anything"));
}
}
;

TEST(ProcessFilter, without_process_rules_it_is_empty) {
  const auto filter = process_filter(policy_of({rule_of("always", "a", 100, {})}));
  CHECK_TRUE(filter.empty());
  CHECK_FALSE(filter.admits(""));
  CHECK_FALSE(filter.admits("bash"));
}

TEST(ProcessFilter, names_prefixes_and_suffixes_go_to_the_kernel) {
  const auto filter = filter_of(comm({"steam", "wine*", "*.exe"}));
  CHECK_FALSE(filter.everything);
  CHECK_TRUE(filter.exact == Names{"steam"});
  CHECK_TRUE(filter.prefixes == Names{"wine"});
  CHECK_TRUE(filter.suffixes == Names{".exe"});
  for (const auto* name : {"steam", "wine", "wine64-preload", "a.exe", ".exe"}) CHECK_TRUE(filter.admits(name));
  for (const auto* name : {"steamx", "xsteam", "win", "a.exe2", ""}) CHECK_FALSE(filter.admits(name));
}

TEST(ProcessFilter, other_shapes_let_everything_through_and_say_why) {
  for (const auto* glob : {"*", "**", "*a*", "[ab]", "\\a*", "*a?", "?*", "[a-z]*"}) {
    check_wide(comm({glob}), "test.toml/r: the kernel cannot filter by the pattern");
  }
}

TEST(ProcessFilter, of_other_shapes_the_kernel_gets_the_longer_end) {
  CHECK_TRUE(filter_of(comm({"game-[0-9]*", "a?", "ab*c"})).prefixes == (Names{"game-", "a", "ab"}));
  CHECK_TRUE(filter_of(comm({"a*bc", "*x*.exe", "[ab]c", "?-\\*d"})).suffixes == (Names{"bc", ".exe", "c", "d"}));
  CHECK_FALSE(filter_of(comm({"game-[0-9]*", "a*bc"})).everything);
}

TEST(ProcessFilter, an_executable_is_filtered_by_the_end_of_its_path) {
  CHECK_TRUE(filter_of(exe({"/usr/bin/steam"})).exact == Names{"steam"});
  CHECK_TRUE(filter_of(exe({"*/steam"})).exact == Names{"steam"});
  CHECK_TRUE(filter_of(exe({"/opt/*/[ab]/steam"})).exact == Names{"steam"});
  CHECK_TRUE(filter_of(exe({"/opt/*.exe"})).suffixes == Names{".exe"});
  CHECK_TRUE(filter_of(exe({"steam"})).exact == Names{"steam"});
  CHECK_TRUE(filter_of(exe({"/opt/a]b"})).exact == Names{"a]b"});
}

TEST(ProcessFilter, an_executable_whose_star_may_stand_for_directories_is_not_narrowed) {
  for (const auto* glob : {"/opt/*", "/opt/game*", "/opt/", "*"}) check_wide(exe({glob}), "cannot filter");
  CHECK_TRUE(filter_of(exe({"/opt/g*e"})).suffixes == Names{"e"});
  CHECK_TRUE(filter_of(exe({"/opt?game"})).suffixes == Names{"game"});
  CHECK_TRUE(filter_of(exe({"/opt/g*e"})).prefixes.empty());
}

TEST(ProcessFilter, a_slash_inside_a_class_ends_no_directory) {
  CHECK_TRUE(filter_of(exe({"/opt[/-]game", "/opt[!/]game"})).suffixes == Names{"game"});
  check_wide(exe({"/opt[/-]"}), "cannot filter");
}

TEST(ProcessFilter, comm_is_preferred_to_exe) {
  auto both = comm({"steam"});
  both.exe.globs = {"/opt/*"};
  const auto filter = filter_of(both);
  CHECK_FALSE(filter.everything);
  CHECK_TRUE(filter.exact == Names{"steam"});
  CHECK_TRUE(filter.needs.exe);
}

TEST(ProcessFilter, a_condition_on_other_facts_alone_needs_every_process) {
  ProcessCondition condition;
  condition.user.globs = {"anna"};
  check_wide(condition, "no comm or exe");
  CHECK_TRUE(filter_of(condition).needs.user);
}

TEST(ProcessFilter, unless_counts_as_well) {
  auto rule = rule_of("r", "a", 100, {});
  rule.unless = {{comm({"backup"})}, {comm({"make"}), comm({"cc1*"})}};
  const auto filter = process_filter(policy_of({rule}));
  CHECK_TRUE((filter.exact == Names{"backup", "make"}));
  CHECK_TRUE(filter.prefixes == Names{"cc1"});
}

TEST(ProcessFilter, names_longer_than_the_kernels_buffer_widen_it) {
  CHECK_FALSE(filter_of(comm({std::string(63, 'x')})).everything);
  check_wide(comm({std::string(64, 'x')}), "longer than 63 bytes");
  CHECK_FALSE(filter_of(comm({std::string(63, 'x') + "*"})).everything);
}

TEST(ProcessFilter, more_names_than_the_kernel_keeps_widen_it) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < most_filter_names; ++i) names.push_back("name" + std::to_string(i));
  CHECK_FALSE(filter_of(comm(names)).everything);
  names.push_back("one-more");
  names.push_back("and-another");
  check_wide(comm(names), "more than 8192 names");
}

namespace {

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t longest) {
  std::string text;
  for (auto length = random() % (longest + 1); length > 0; --length) text += alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST(ProcessFilter, whatever_a_condition_matches_is_admitted) {
  std::mt19937 random(20240229);
  int matched = 0;
  int narrow = 0;
  for (int round = 0; round < 20'000; ++round) {
    ProcessCondition condition;
    const auto keys = 1 + random() % 3;
    if ((keys & 1) != 0) condition.comm.globs = {random_text(random, "ab*?[]!\\-", 5)};
    if ((keys & 2) != 0) condition.exe.globs = {random_text(random, "ab//*?[]!\\-", 7)};
    const auto filter = filter_of(condition);
    for (int i = 0; i < 8; ++i) {
      Process process;
      process.exe = "/" + random_text(random, "ab/]", 6);
      process.exe_name = base_name(process.exe);
      process.comm = random() % 2 == 0 ? process.exe_name : random_text(random, "ab]", 3);
      if (!condition.matches(process)) continue;
      ++matched;
      if (!filter.everything) ++narrow;
      CHECK_TEXT(filter.admits(process.comm) || filter.admits(process.exe_name),
                 fmt::format("comm {} exe {} refuses {} {}", quote(join(condition.comm.globs, " ")),
                             quote(join(condition.exe.globs, " ")), quote(process.comm), quote(process.exe))
                     .c_str());
    }
  }
  CHECK_TRUE(matched > 1000);
  CHECK_TRUE(narrow > 100);
}
