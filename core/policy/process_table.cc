#include "core/policy/process_table.h"

#include <algorithm>

namespace schedkit {

std::size_t ProcessTable::add_condition(const ProcessCondition& condition) {
  const auto found = std::ranges::find(conditions_, condition);
  if (found != conditions_.end()) return static_cast<std::size_t>(found - conditions_.begin());
  conditions_.push_back(condition);
  std::size_t matching = 0;
  for (auto& [id, entry] : processes_) {
    entry.matched.push_back(condition.matches(entry.process));
    matching += entry.matched.back() ? 1 : 0;
  }
  matching_.push_back(matching);
  return conditions_.size() - 1;
}

void ProcessTable::clear_conditions() {
  conditions_.clear();
  matching_.clear();
  for (auto& [id, entry] : processes_) entry.matched.clear();
}

void ProcessTable::count(const std::vector<bool>& matched, bool add) {
  for (std::size_t i = 0; i < matched.size(); ++i) {
    if (matched[i]) matching_[i] += add ? 1 : -1;
  }
}

void ProcessTable::seen(const Process& process) {
  gone(process.id);
  Entry entry{process, {}};
  entry.matched.reserve(conditions_.size());
  for (const auto& condition : conditions_) entry.matched.push_back(condition.matches(process));
  count(entry.matched, true);
  processes_.emplace(process.id, std::move(entry));
}

void ProcessTable::gone(const ProcessId& id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  count(found->second.matched, false);
  processes_.erase(found);
}

void ProcessTable::snapshot(const std::vector<Process>& processes) {
  processes_.clear();
  std::ranges::fill(matching_, 0);
  for (const auto& process : processes) seen(process);
}

}  // namespace schedkit
