#include "core/policy/hidden_environment.h"

#include "core/policy/process_table.h"
#include "tests/core/policy/policy_helpers.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;

namespace {

ProcessCondition env(const std::string& name, std::vector<std::string> globs) {
  ProcessCondition condition;
  condition.env = {{name, Patterns{std::move(globs)}}};
  return condition;
}

Process with(std::vector<std::pair<std::string, std::string>> environment) {
  Process process = process_of(1, "game");
  process.environment = std::move(environment);
  return process;
}

}  // namespace

TEST_GROUP(HiddenEnvironment) {
  Policy policy = policy_of(
      {rule_of("a", "x", 1, {{env("SteamAppId", {"*", "7?0"})}}), rule_of("b", "x", 1, {{env("TOKEN", {"s*"})}})});

  Process shown(const Process& process) {
    return std::get<ProcessSeen>(without_environment(ProcessSeen{process}, environment_globs(policy))).process;
  }
};

TEST(HiddenEnvironment, values_go_and_what_they_match_stays) {
  const auto process = shown(with({{"SteamAppId", "730"}, {"TOKEN", "geheim"}, {"HOME", "/root"}}));
  LONGS_EQUAL(0, process.environment.size());
  LONGS_EQUAL(2, process.environment_globs.size());
  CHECK_TRUE((process.environment_globs[0] == std::pair<std::string, std::string>{"SteamAppId", "*"}));
  CHECK_TRUE((process.environment_globs[1] == std::pair<std::string, std::string>{"SteamAppId", "7?0"}));
}

TEST(HiddenEnvironment, conditions_match_as_they_did) {
  for (const auto& process : {with({{"SteamAppId", "730"}}), with({{"SteamAppId", "1"}, {"TOKEN", "so"}}), with({})}) {
    for (const auto& condition : {env("SteamAppId", {"*"}), env("SteamAppId", {"7?0"}), env("TOKEN", {"s*"})}) {
      CHECK_EQUAL(condition.matches(process), condition.matches(shown(process)));
      for (const auto& each : {process, shown(process)}) {
        Facts facts;
        facts.reset(1);
        ProcessTable table(facts);
        table.watch({{condition, 0}});
        table.seen(each);
        CHECK_EQUAL(condition.matches(process), facts.holds(0));
      }
    }
  }
}

TEST(HiddenEnvironment, snapshots_are_hidden_too_and_exclusions_count) {
  policy.rules[0].unless = {{env("DEBUG", {"1"})}};
  const auto event =
      without_environment(ProcessSnapshot{{with({{"DEBUG", "1"}}), with({})}}, environment_globs(policy));
  const auto& all = std::get<ProcessSnapshot>(event).processes;
  STRCMP_EQUAL("DEBUG", all[0].environment_globs.at(0).first.c_str());
  LONGS_EQUAL(0, all[0].environment.size());
  LONGS_EQUAL(0, all[1].environment_globs.size());
}
