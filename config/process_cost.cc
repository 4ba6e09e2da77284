#include "config/process_cost.h"

#include "core/base/text.h"
#include "core/policy/process_filter.h"

namespace schedkit {

namespace {

std::string reads(const ProcessNeeds& needs) {
  std::vector<std::string> what;
  const auto add = [&](bool needed, const char* name) {
    if (needed) what.emplace_back(name);
  };
  add(needs.exe, "exe");
  add(needs.cmdline, "cmdline");
  add(needs.user, "user");
  add(needs.ancestors, "every ancestor's name");
  add(needs.cgroup, "cgroup");
  add(needs.environment, "environment");
  return what.empty() ? "" : "; reads " + join(what, ", ") + " of each that passes";
}

std::string cost_of(const Rule& rule, const ProcessCondition& condition) {
  Policy alone;
  alone.rules.push_back(rule);
  alone.rules.back().when = {{condition}};
  alone.rules.back().unless.clear();
  const auto filter = process_filter(alone);
  if (!filter.everything) {
    return fmt::format("{}: process: filtered in the kernel by name{}", rule.id(), reads(filter.needs));
  }
  std::vector<std::string> reasons;
  for (const auto& reason : filter.wide_because) reasons.push_back(reason.substr(rule.id().size() + 2));
  return fmt::format("{}: process: every process that starts wakes the daemon ({}){}", rule.id(), join(reasons, "; "),
                     reads(filter.needs));
}

}  // namespace

std::vector<std::string> process_costs(const Policy& policy) {
  std::vector<std::string> lines;
  for (const auto& rule : policy.rules) {
    for (const auto* alternatives : {&rule.when, &rule.unless}) {
      for (const auto& set : *alternatives) {
        for (const auto& condition : set) {
          if (const auto* process = std::get_if<ProcessCondition>(&condition)) lines.push_back(cost_of(rule, *process));
        }
      }
    }
  }
  return lines;
}

}  // namespace schedkit
