#include "core/policy/hidden_environment.h"

#include "core/base/text.h"

namespace schedkit {

EnvironmentGlobs environment_globs(const Policy& policy) {
  EnvironmentGlobs globs;
  const auto add = [&](const std::vector<ConditionSet>& sets) {
    for (const auto& set : sets) {
      for (const auto& condition : set) {
        const auto* process = std::get_if<ProcessCondition>(&condition);
        if (process == nullptr) continue;
        for (const auto& [name, patterns] : process->env) {
          for (const auto& glob : patterns.globs) globs.emplace(name, glob);
        }
      }
    }
  };
  for (const auto& rule : policy.rules) {
    add(rule.when);
    add(rule.unless);
  }
  return globs;
}

namespace {

void hide(Process& process, const EnvironmentGlobs& globs) {
  const auto environment = std::exchange(process.environment, {});
  for (const auto& [name, glob] : globs) {
    for (const auto& [known, value] : environment) {
      if (known != name || !glob_match(glob, value)) continue;
      process.environment_globs.emplace_back(name, glob);
      break;
    }
  }
}

}  // namespace

Event without_environment(Event event, const EnvironmentGlobs& globs) {
  if (auto* seen = std::get_if<ProcessSeen>(&event)) hide(seen->process, globs);
  if (auto* all = std::get_if<ProcessSnapshot>(&event)) {
    for (auto& process : all->processes) hide(process, globs);
  }
  return event;
}

}  // namespace schedkit
