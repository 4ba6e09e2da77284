#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/policy/trigger_source.h"

namespace schedkit {

// All trigger sources as one. A machine without a bus, without PSI or without cgroup v2 is still of use: only what
// cannot be watched there does not hold, and status says why.
class Sources {
 public:
  // The sources must outlive this. Without `processes` nothing starts; each of the others may fail.
  Sources(TriggerSource& processes, const std::vector<TriggerSource*>& others);

  // Starts all; an error is the process source's. What goes wrong with another one is logged, and shown by status().
  Result<void> start(const Interests& interests, TriggerSource::Sink sink);

  // Hands on new interests, also to those that failed before. One that cannot take them keeps its old ones.
  void watch(const Interests& interests);

  // In the order of the constructor.
  std::vector<SourceStatus> status() const;

 private:
  struct Entry {
    TriggerSource* source;
    bool started = false;
    Interests in_force = {};
    std::string trouble = {};  // why `in_force` is not what was asked for; logged when it came up
  };

  Result<void> hand_on(Entry& entry, const Interests& interests);
  void watch(Entry& entry, const Interests& interests);

  std::vector<Entry> entries_;  // the process source is the first
  TriggerSource::Sink sink_;
};

}  // namespace schedkit
