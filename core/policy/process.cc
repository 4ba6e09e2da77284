#include "core/policy/process.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

bool Patterns::matches(std::string_view text) const {
  return !given() || std::ranges::any_of(globs, [&](const auto& glob) { return glob_match(glob, text); });
}

namespace {

bool environment_matches(const Process& process, const std::string& key, const Patterns& value) {
  return std::ranges::any_of(process.environment,
                             [&](const auto& entry) { return entry.first == key && value.matches(entry.second); }) ||
         std::ranges::any_of(process.environment_globs, [&](const auto& entry) {
           return entry.first == key && std::ranges::count(value.globs, entry.second) > 0;
         });
}

}  // namespace

bool ProcessCondition::matches(const Process& process) const {
  return (comm.matches(process.comm) || comm.matches(process.exe_name)) && exe.matches(process.exe) &&
         cmdline.matches(process.cmdline) && user.matches(process.user) && cgroup.matches(process.cgroup) &&
         (!parent.given() ||
          std::ranges::any_of(process.ancestors, [&](const auto& name) { return parent.matches(name); })) &&
         std::ranges::all_of(
             env, [&](const auto& entry) { return environment_matches(process, entry.first, entry.second); });
}

void ProcessNeeds::include(const ProcessCondition& condition) {
  exe |= condition.exe.given();
  cmdline |= condition.cmdline.given();
  user |= condition.user.given();
  ancestors |= condition.parent.given();
  cgroup |= condition.cgroup.given();
  environment |= !condition.env.empty();
}

}  // namespace schedkit
