#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/policy/event.h"
#include "core/policy/process_filter.h"

namespace schedkit {

// What `schedctl status -v` shows of a source.
struct ProcessSourceStatus {
  std::string name;             // "bpf" or "proc-connector"
  std::string detail;           // why it was chosen and, when the filter is wide, why
  std::uint64_t delivered = 0;  // events handed to the sink
  std::uint64_t lost = 0;       // events the kernel could not deliver; each loss causes a rescan
  std::uint64_t wakeups = 0;    // how often the source woke the loop
};

// Port: tells which processes begin, change and end. All calls and the sink run on the loop thread.
class ProcessSource {
 public:
  using Sink = std::function<void(Event)>;

  virtual ~ProcessSource() = default;

  // Begins to watch, then scans the running processes, so that none is missed; the sink gets one ProcessSnapshot before
  // start() returns and single events later. The sink must outlive the source and must not call it.
  virtual Result<void> start(const ProcessFilter& filter, Sink sink) = 0;

  // Replaces the filter and scans again (one ProcessSnapshot before it returns). On an error the old filter stays.
  virtual Result<void> set_filter(const ProcessFilter& filter) = 0;

  virtual ProcessSourceStatus status() const = 0;
};

}  // namespace schedkit
