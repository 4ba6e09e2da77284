#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/result.h"
#include "core/policy/event.h"
#include "core/policy/interests.h"

namespace schedkit {

// What `schedctl status -v` shows of a source.
struct SourceStatus {
  std::string name;             // "bpf", "proc-connector", "cgroup-bpf", "cgroup-inotify", "clock", "bus", "pressure"
  std::string detail;           // why it was chosen, what is wide or out of reach and why
  std::uint64_t delivered = 0;  // events handed to the sink
  std::uint64_t lost = 0;       // events the kernel could not deliver; each loss causes a rescan
  std::uint64_t wakeups = 0;    // how often the source woke the loop
};

// Port: turns one part of the world into events. All calls and the sink run on the loop thread.
class TriggerSource {
 public:
  using Sink = std::function<void(Event)>;

  virtual ~TriggerSource() = default;

  // Begins to watch, then looks at what is, so that nothing is missed. What can be known at once is told before start()
  // returns; what must be asked for (the bus) later. The sink must outlive the source and must not call it.
  virtual Result<void> start(const Interests& interests, Sink sink) = 0;

  // Replaces the interests and tells what is, as start() does. On an error the old ones stay.
  virtual Result<void> watch(const Interests& interests) = 0;

  virtual SourceStatus status() const = 0;
};

}  // namespace schedkit
