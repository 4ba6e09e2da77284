#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/policy/trigger_source.h"
#include "core/source/cgroup_tree.h"

namespace schedkit {

// What every cgroup source does with what the kernel told it: passes on what is asked for and is news.
class CgroupReporter {
 public:
  explicit CgroupReporter(CgroupTree tree) : tree_(std::move(tree)) {}

  void set_sink(TriggerSource::Sink sink) { sink_ = std::move(sink); }

  // Judges everything from now on by these globs; follow it by snapshot().
  void set_globs(const std::set<std::string>& globs) { globs_ = globs; }
  const std::set<std::string>& globs() const { return globs_; }

  // Tells all that match as they are now.
  void snapshot() { snapshot(tree_.scan(globs_)); }
  void snapshot(std::vector<CgroupSeen> cgroups);

  void seen(CgroupSeen cgroup);
  void gone(const std::string& path);
  // The cgroup may have changed: its files decide.
  void changed(const std::string& path);

  const CgroupTree& tree() const { return tree_; }
  std::uint64_t delivered() const { return delivered_; }

 private:
  void tell(Event event);

  CgroupTree tree_;
  TriggerSource::Sink sink_;
  std::set<std::string> globs_;
  std::map<std::string, bool> told_;  // path → populated
  std::uint64_t delivered_ = 0;
};

}  // namespace schedkit
