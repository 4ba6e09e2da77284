#pragma once

#include <memory>

#include "bpf/watch_object.h"
#include "core/base/clock.h"
#include "core/loop/fd_watch.h"
#include "core/policy/trigger_source.h"
#include "core/source/process_reporter.h"
#include "core/source/rescan_pacer.h"

namespace schedkit {

// TriggerSource over watch.bpf.c: the filter works in the kernel, and only candidates wake the loop. With an empty
// filter nothing is attached at all.
//
// Order on each new filter and after each loss: the filter is put in force (attached at first), then /proc is scanned,
// each candidate tracked by the kernel before it is read for good; whatever happens after that is in the ring. What was
// put into the ring under a former filter is looked up anew in /proc.
class ProcessWatch final : public TriggerSource {
 public:
  // Loads the programs, see WatchObject::load(). `loop` and `clock` must outlive it.
  static Result<std::unique_ptr<ProcessWatch>> create(Loop& loop, const Clock& clock,
                                                      const WatchObject::Limits& limits = {});
  ~ProcessWatch() override;

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  ProcessWatch(Loop& loop, const Clock& clock);

  Result<void> install(const ProcessFilter& filter);
  void scan();
  void rescan();
  void ready();
  void receive(const watch_record& record);
  void receive_late(const watch_record& record);

  ProcessReporter reporter_;
  std::unique_ptr<WatchObject> object_;
  RescanPacer pacer_;
  std::unique_ptr<FdWatch> watch_;  // goes before object_, which owns the descriptor
  bool attached_ = false;
  std::uint64_t lost_ = 0;  // of object_->lost(), how much a rescan has made good
  std::uint64_t wakeups_ = 0;
  std::string trouble_;  // the last thing that went wrong after start, for status
};

}  // namespace schedkit
