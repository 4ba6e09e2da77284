// Short ways to write policies and processes down.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "core/policy/model.h"

namespace schedkit::test {

inline Choice choice_of(const std::string& name) {
  Scheduler scheduler;
  scheduler.name = name;
  scheduler.image = "oci:/images:" + name;
  return {scheduler, "", {}};
}

inline ProcessCondition comm(std::vector<std::string> globs) {
  ProcessCondition condition;
  condition.comm.globs = std::move(globs);
  return condition;
}

inline ProcessCondition exe(std::vector<std::string> globs) {
  ProcessCondition condition;
  condition.exe.globs = std::move(globs);
  return condition;
}

// Waits for nothing: neither delay nor linger.
inline Rule rule_of(const std::string& name, const std::string& use, int priority, std::vector<ConditionSet> when) {
  Rule rule;
  rule.file = "test.toml";
  rule.name = name;
  rule.use = choice_of(use);
  rule.priority = priority;
  rule.linger = Duration::zero();
  rule.when = std::move(when);
  return rule;
}

inline Policy policy_of(std::vector<Rule> rules) {
  Policy policy;
  policy.rules = std::move(rules);
  return policy;
}

inline Process process_of(std::int32_t pid, const std::string& name, std::uint64_t start_ticks = 1) {
  Process process;
  process.id = {pid, start_ticks};
  process.comm = name.substr(0, 15);
  process.exe_name = name;
  process.exe = "/usr/bin/" + name;
  return process;
}

}  // namespace schedkit::test
