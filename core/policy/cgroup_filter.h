// How much of the tree of cgroups must be looked at for some globs (cgroup_glob.h).
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace schedkit {

// Whether anything below `path` can match: if not, nobody need look there.
bool cgroup_glob_enters(std::string_view glob, std::string_view path);

// What the kernel is told so that a cgroup which no rule asks for wakes nobody. A cgroup passes when its path begins
// with one of `paths` or the last segment of it with one of `names`. The filter may let too much through, never too
// little.
struct CgroupFilter {
  std::set<std::string> paths;
  std::set<std::string> names;
  std::vector<std::string> wide_because;  // globs that let every cgroup pass, one line each

  bool admits(std::string_view path) const;

  bool operator==(const CgroupFilter&) const = default;
};

// Prefixes are cut to this; beyond `most_cgroup_prefixes` of a kind everything passes.
constexpr std::size_t longest_cgroup_prefix = 123;
constexpr std::size_t most_cgroup_prefixes = 1024;

CgroupFilter cgroup_filter(const std::set<std::string>& globs);

}  // namespace schedkit
