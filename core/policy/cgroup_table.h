#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/policy/event.h"
#include "core/policy/facts.h"
#include "core/policy/glob_index.h"

namespace schedkit {

// The cgroups reported and, for each condition, how many of them fulfil it.
class CgroupTable {
 public:
  explicit CgroupTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; cgroups stay and are matched again.
  void watch(std::vector<Watched<CgroupCondition>> conditions);

  void seen(const CgroupSeen& cgroup);
  void gone(const std::string& path);
  void snapshot(const std::vector<CgroupSeen>& cgroups);

  FactDetail detail(Fact fact) const;

  // Appends what a new table must hear to know the same.
  void tell(std::vector<PastEvent>& known) const;

 private:
  struct Entry {
    bool populated = false;
    std::vector<std::uint32_t> matched;  // conditions whose path it has
  };

  std::vector<std::uint32_t> match(const std::string& path) const;
  bool fulfils(const Entry& entry, std::uint32_t number) const;
  void count(const Entry& entry, bool add);

  Facts& facts_;
  std::map<std::string, Entry> cgroups_;
  std::vector<Watched<CgroupCondition>> conditions_;
  std::vector<std::size_t> matching_;  // parallel: number of cgroups
  GlobIndex index_;
};

}  // namespace schedkit
