// What every process source does with what the kernel told it: judges it by the filter, completes the facts, and tells
// the sink. So two sources that hear of the same changes say the same.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/policy/trigger_source.h"
#include "core/source/process_facts.h"

namespace schedkit {

class ProcessReporter {
 public:
  explicit ProcessReporter(std::string proc_root = "/proc") : reader_(std::move(proc_root)) {}

  void set_sink(TriggerSource::Sink sink) { sink_ = std::move(sink); }

  // Judges everything from now on by `filter`; follow it by scan().
  void set_filter(const ProcessFilter& filter) { filter_ = filter; }
  const ProcessFilter& filter() const { return filter_; }

  // Scans /proc and tells the snapshot. `claim`: see scan_processes().
  void scan(const std::function<void(const ProcessId&)>& claim);

  // A process executed a program, was renamed or forked. Its id, comm and exe_name are known, with `uid`; what the
  // filter needs beyond is read from /proc. A known process that is no candidate any more is told as gone: no rule can
  // match it.
  void changed(Process process, std::uint32_t uid);

  // The same when only the pid is known.
  void changed(std::int32_t pid);

  // The process has ended. Unknown ones are ignored.
  void ended(const ProcessId& id);

  // The process may have ended: /proc decides.
  void maybe_ended(std::int32_t pid);

  bool knows(std::int32_t pid) const { return known_.contains(pid); }

  std::uint64_t delivered() const { return delivered_; }
  ProcessReader& reader() { return reader_; }

 private:
  void tell(Event event);
  void judge(Process process);
  void forget(std::int32_t pid);

  ProcessReader reader_;
  ProcessFilter filter_;
  TriggerSource::Sink sink_;
  std::unordered_map<std::int32_t, std::uint64_t> known_;  // told and not yet gone: pid → start_ticks
  std::uint64_t delivered_ = 0;
};

}  // namespace schedkit
