#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/policy/trigger_source.h"
#include "core/source/cgroup_reporter.h"
#include "core/source/rescan_pacer.h"

namespace schedkit {

// Source of cgroups for hosts where BPF programs may not be loaded: inotify(7) on each directory below which something
// can match, and on the file cgroup.events of each cgroup that does, which the kernel says is modified when the
// populated state changes. (A kernfs file is always readable; inotify spares a descriptor per cgroup.) Each cgroup that
// comes or goes in such a directory wakes the loop.
class CgroupInotify final : public TriggerSource {
 public:
  // A host's tree has some hundred directories. What is beyond is not watched, and status() says so.
  static constexpr std::size_t most_watches = 16384;

  // `why` is what status() gives as the reason for this source. `loop` and `clock` must outlive it.
  CgroupInotify(Loop& loop, const Clock& clock, CgroupTree tree, std::string why);
  ~CgroupInotify() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  struct Watched {
    std::string path;  // of the cgroup
    bool events;       // its cgroup.events; else its directory
  };

  Result<void> arm();
  void rescan();
  bool add(const std::string& path, bool events);
  void look_at(const std::string& path, std::vector<CgroupSeen>& found);
  void ready();

  Loop& loop_;
  std::string why_;
  CgroupReporter reporter_;
  RescanPacer pacer_;
  UniqueFd inotify_;
  std::unique_ptr<FdWatch> watch_;  // goes before inotify_
  std::unordered_map<int, Watched> watches_;
  bool too_many_ = false;
  std::uint64_t lost_ = 0;
  std::uint64_t wakeups_ = 0;
  std::string trouble_;
};

}  // namespace schedkit
