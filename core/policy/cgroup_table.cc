#include "core/policy/cgroup_table.h"

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/policy/cgroup_glob.h"

namespace schedkit {

void CgroupTable::watch(std::vector<Watched<CgroupCondition>> conditions) {
  conditions_ = std::move(conditions);
  matching_.assign(conditions_.size(), 0);
  index_.clear();
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) {
    for (const auto& glob : conditions_[number].condition.paths) index_.add(glob, number);
  }
  for (auto& [path, entry] : cgroups_) {
    entry.matched = match(path);
    count(entry, true);
  }
}

std::vector<std::uint32_t> CgroupTable::match(const std::string& path) const {
  std::vector<std::uint32_t> candidates;
  index_.find(path, candidates);
  std::ranges::sort(candidates);
  candidates.erase(std::ranges::unique(candidates).begin(), candidates.end());
  std::erase_if(candidates, [&](std::uint32_t number) {
    return std::ranges::none_of(conditions_[number].condition.paths,
                                [&](const auto& glob) { return cgroup_glob_match(glob, path); });
  });
  return candidates;
}

bool CgroupTable::fulfils(const Entry& entry, std::uint32_t number) const {
  return entry.populated || conditions_[number].condition.exists;
}

void CgroupTable::count(const Entry& entry, bool add) {
  for (const auto number : entry.matched) {
    if (!fulfils(entry, number)) continue;
    matching_[number] += add ? 1 : -1;
    facts_.set(conditions_[number].fact, matching_[number] > 0);
  }
}

void CgroupTable::seen(const CgroupSeen& cgroup) {
  auto [found, fresh] = cgroups_.try_emplace(cgroup.path);
  auto& entry = found->second;
  if (fresh) {
    entry.matched = match(cgroup.path);
  } else if (entry.populated == cgroup.populated) {
    return;
  } else {
    count(entry, false);
  }
  entry.populated = cgroup.populated;
  count(entry, true);
}

void CgroupTable::gone(const std::string& path) {
  const auto found = cgroups_.find(path);
  if (found == cgroups_.end()) return;
  count(found->second, false);
  cgroups_.erase(found);
}

void CgroupTable::snapshot(const std::vector<CgroupSeen>& cgroups) {
  std::set<std::string_view> present;
  for (const auto& cgroup : cgroups) {
    seen(cgroup);
    present.insert(cgroup.path);
  }
  std::vector<std::string> missing;
  for (const auto& [path, entry] : cgroups_) {
    if (!present.contains(path)) missing.push_back(path);
  }
  for (const auto& path : missing) gone(path);
}

void CgroupTable::tell(std::vector<PastEvent>& known) const {
  CgroupSnapshot all;
  for (const auto& [path, entry] : cgroups_) all.cgroups.push_back({path, entry.populated});
  known.push_back({std::move(all)});
}

FactDetail CgroupTable::detail(Fact fact) const {
  const auto found = std::ranges::find(conditions_, fact, &Watched<CgroupCondition>::fact);
  const auto number = static_cast<std::uint32_t>(found - conditions_.begin());
  if (found == conditions_.end()) return {};
  std::size_t empty = 0;
  for (const auto& [path, entry] : cgroups_) {
    if (!std::ranges::binary_search(entry.matched, number)) continue;
    if (!fulfils(entry, number)) {
      ++empty;
      continue;
    }
    const auto more = matching_[number] - 1;
    return {fmt::format("{} {}{}", path, entry.populated ? "is populated" : "exists",
                        more > 0 ? fmt::format(", and {} more", more) : ""),
            {}};
  }
  if (empty > 0) return {fmt::format("{} match, none of them populated", empty), {}};
  return {"no such cgroup", {}};
}

}  // namespace schedkit
