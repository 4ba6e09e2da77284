// The unified (version 2) hierarchy of cgroups as files (Documentation/admin-guide/cgroup-v2.rst).
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/policy/event.h"

namespace schedkit {

class CgroupTree {
 public:
  explicit CgroupTree(std::string root) : root_(std::move(root)) {}

  // The mount that shows the whole hierarchy, also on hybrid hosts, which have it beside version 1. Errc::unsupported
  // when there is none: the host uses version 1 alone, or we see a part only.
  static Result<CgroupTree> find(const std::string& mountinfo = "/proc/self/mountinfo");

  // Where the files of the cgroup at `path` ("/" is the root) are.
  std::string directory(const std::string& path) const;

  // The names of the cgroups directly below; none when it is gone.
  std::vector<std::string> children(const std::string& path) const;

  // nullopt when there is no such cgroup. The root has no state and is never told.
  std::optional<CgroupSeen> read(const std::string& path) const;

  // All cgroups that match one of the globs, in no order.
  std::vector<CgroupSeen> scan(const std::set<std::string>& globs) const;

 private:
  std::string root_;
};

// The path of a child.
std::string child_cgroup(const std::string& parent, std::string_view name);

bool any_glob_matches(const std::set<std::string>& globs, std::string_view path);
bool any_glob_enters(const std::set<std::string>& globs, std::string_view path);

}  // namespace schedkit
