#include "core/source/cgroup_reporter.h"

#include <utility>

namespace schedkit {

void CgroupReporter::tell(Event event) {
  ++delivered_;
  sink_(std::move(event));
}

void CgroupReporter::snapshot(std::vector<CgroupSeen> cgroups) {
  told_.clear();
  for (const auto& cgroup : cgroups) told_[cgroup.path] = cgroup.populated;
  tell(CgroupSnapshot{std::move(cgroups)});
}

void CgroupReporter::seen(CgroupSeen cgroup) {
  const auto told = told_.find(cgroup.path);
  if (told != told_.end() && told->second == cgroup.populated) return;
  if (told == told_.end() && !any_glob_matches(globs_, cgroup.path)) return;
  told_[cgroup.path] = cgroup.populated;
  tell(std::move(cgroup));
}

void CgroupReporter::gone(const std::string& path) {
  if (told_.erase(path) > 0) tell(CgroupGone{path});
}

void CgroupReporter::changed(const std::string& path) {
  if (auto now = tree_.read(path)) {
    seen(std::move(*now));
  } else {
    gone(path);
  }
}

}  // namespace schedkit
