#pragma once

#include <memory>
#include <string>

#include "bpf/cgroup_object.h"
#include "core/base/clock.h"
#include "core/loop/fd_watch.h"
#include "core/policy/trigger_source.h"
#include "core/source/cgroup_reporter.h"
#include "core/source/rescan_pacer.h"

namespace schedkit {

// Source of cgroups over cgroups.bpf.c: the filter works in the kernel. The programs are attached, then the tree is
// scanned; what happens from then on is in the ring. What was put into it under a former filter is looked up anew.
class CgroupWatch final : public TriggerSource {
 public:
  // Loads and attaches the programs, see CgroupObject::load(). `loop` and `clock` must outlive it.
  static Result<std::unique_ptr<CgroupWatch>> create(Loop& loop, const Clock& clock, CgroupTree tree,
                                                     std::uint32_t ring_size = CGROUPS_RING_SIZE);
  ~CgroupWatch() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  CgroupWatch(Loop& loop, const Clock& clock, CgroupTree tree);

  void scan();
  void ready();
  void receive(const cgroups_record& record);

  CgroupReporter reporter_;
  CgroupFilter filter_;
  std::unique_ptr<CgroupObject> object_;
  RescanPacer pacer_;
  std::unique_ptr<FdWatch> watch_;  // goes before object_, which owns the descriptor
  std::uint64_t lost_ = 0;          // of object_->lost(), how much a scan has made good
  std::uint64_t wakeups_ = 0;
  std::string trouble_;  // the last thing that went wrong after start, for status
};

}  // namespace schedkit
