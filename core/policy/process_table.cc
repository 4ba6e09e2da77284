#include "core/policy/process_table.h"

#include <algorithm>
#include <set>

#include "core/base/text.h"

namespace schedkit {

void ProcessTable::watch(std::vector<Watched<ProcessCondition>> conditions) {
  conditions_ = std::move(conditions);
  matching_.assign(conditions_.size(), 0);
  for (auto* index : {&names_, &exes_, &cmdlines_, &parents_, &cgroups_, &users_, &variables_}) index->clear();
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) index(number);
  for (auto& [id, entry] : processes_) {
    entry.matched = match(entry.process);
    count(entry.matched);
  }
}

void ProcessTable::index(std::uint32_t number) {
  const auto& condition = conditions_[number].condition;
  const auto add = [&](GlobIndex& index, const Patterns& patterns) {
    for (const auto& glob : patterns.globs) index.add(glob, number);
    return patterns.given();
  };
  if (add(names_, condition.comm) || add(exes_, condition.exe) || add(cmdlines_, condition.cmdline) ||
      add(parents_, condition.parent) || add(cgroups_, condition.cgroup) || add(users_, condition.user)) {
    return;
  }
  if (!condition.env.empty()) variables_.add(condition.env.front().first, number);
}

ProcessTable::Numbers ProcessTable::match(const Process& process) const {
  Numbers candidates;
  names_.find(process.comm, candidates);
  if (process.exe_name != process.comm) names_.find(process.exe_name, candidates);
  exes_.find(process.exe, candidates);
  cmdlines_.find(process.cmdline, candidates);
  cgroups_.find(process.cgroup, candidates);
  users_.find(process.user, candidates);
  for (const auto& name : process.ancestors) parents_.find(name, candidates);
  for (const auto& [name, value] : process.environment) variables_.find(name, candidates);
  for (const auto& [name, glob] : process.environment_globs) variables_.find(name, candidates);
  std::ranges::sort(candidates);
  candidates.erase(std::ranges::unique(candidates).begin(), candidates.end());
  std::erase_if(candidates, [&](std::uint32_t number) { return !conditions_[number].condition.matches(process); });
  return candidates;
}

void ProcessTable::count(const Numbers& matched) {
  for (const auto number : matched) {
    if (matching_[number]++ == 0) facts_.set(conditions_[number].fact, true);
  }
}

void ProcessTable::discount(const Numbers& matched) {
  for (const auto number : matched) {
    if (--matching_[number] == 0) facts_.set(conditions_[number].fact, false);
  }
}

void ProcessTable::seen(const Process& process) {
  auto& entry = processes_[process.id];
  auto matched = match(process);
  count(matched);
  discount(entry.matched);
  entry = {process, std::move(matched)};
}

void ProcessTable::gone(const ProcessId& id) {
  const auto found = processes_.find(id);
  if (found == processes_.end()) return;
  discount(found->second.matched);
  processes_.erase(found);
}

void ProcessTable::snapshot(const std::vector<Process>& processes) {
  std::set<ProcessId> alive;
  for (const auto& process : processes) {
    seen(process);
    alive.insert(process.id);
  }
  for (auto next = processes_.begin(); next != processes_.end();) {
    const auto here = next++;
    if (alive.contains(here->first)) continue;
    discount(here->second.matched);
    processes_.erase(here);
  }
}

void ProcessTable::tell(std::vector<PastEvent>& known) const {
  ProcessSnapshot all;
  for (const auto& [id, entry] : processes_) all.processes.push_back(entry.process);
  known.push_back({std::move(all)});
}

FactDetail ProcessTable::detail(Fact fact) const {
  constexpr std::size_t shown = 3;
  const auto found = std::ranges::find(conditions_, fact, &Watched<ProcessCondition>::fact);
  const auto number = static_cast<std::uint32_t>(found - conditions_.begin());
  if (found == conditions_.end() || matching_[number] == 0) return {"no process matches", {}};
  std::vector<std::string> names;
  for (const auto& [id, entry] : processes_) {
    if (!std::ranges::binary_search(entry.matched, number)) continue;
    if (names.size() == shown) break;
    names.push_back(fmt::format("{} ({})", entry.process.comm, id.pid));
  }
  const auto more = matching_[number] - names.size();
  return {fmt::format("{}{}", join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : ""), {}};
}

}  // namespace schedkit
