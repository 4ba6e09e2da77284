#include "config/unreachable.h"

#include <algorithm>

#include "config/contradiction.h"

namespace schedkit {

namespace {

bool is_part_of(const ConditionSet& part, const ConditionSet& whole) {
  return std::ranges::all_of(part,
                             [&](const auto& condition) { return std::ranges::find(whole, condition) != whole.end(); });
}

bool excludes_itself(const Rule& rule) {
  return !rule.when.empty() && std::ranges::all_of(rule.when, [&](const ConditionSet& when) {
    return std::ranges::any_of(rule.unless, [&](const ConditionSet& unless) { return is_part_of(unless, when); });
  });
}

}  // namespace

std::vector<Unreachable> unreachable_rules(const Policy& policy) {
  const Rule* ceiling = nullptr;  // the highest that always holds
  for (const auto& rule : policy.rules) {
    const bool always = rule.when.empty() && rule.unless.empty() && rule.delay == Duration::zero();
    if (always && (ceiling == nullptr || rule.priority > ceiling->priority)) ceiling = &rule;
  }
  std::vector<Unreachable> found;
  for (const auto& rule : policy.rules) {
    const auto impossible = std::ranges::count_if(rule.when, is_contradiction);
    if (impossible > 0) {
      const bool all = impossible == static_cast<std::ptrdiff_t>(rule.when.size());
      found.push_back({rule.file,
                       {Errc::invalid,
                        fmt::format("{}rule \"{}\" never holds: its conditions exclude each other",
                                    all ? "" : "one alternative of ", rule.name),
                        rule.where}});
    } else if (excludes_itself(rule)) {
      found.push_back(
          {rule.file,
           {Errc::invalid,
            fmt::format("rule \"{}\" never holds: whenever its `when` does, its `unless` does too", rule.name),
            rule.where}});
    } else if (ceiling != nullptr && rule.priority < ceiling->priority) {
      found.push_back(
          {rule.file,
           {Errc::invalid,
            fmt::format(
                "rule \"{}\" (priority {}) never wins: {} always holds with priority {}; raise one or give the other a "
                "`when`",
                rule.name, rule.priority, ceiling->id(), ceiling->priority),
            rule.where}});
    }
  }
  return found;
}

}  // namespace schedkit
