#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "core/policy/event.h"
#include "core/policy/process.h"

namespace schedkit {

// The processes reported and, for each condition in use, how many of them match it. An event costs one match per
// distinct condition, whatever the number of processes and rules.
class ProcessTable {
 public:
  // The number by which holds() knows `condition`; equal conditions share one.
  std::size_t add_condition(const ProcessCondition& condition);

  // Forgets all conditions; processes stay and are matched again as conditions are added.
  void clear_conditions();

  void seen(const Process& process);
  void gone(const ProcessId& id);
  void snapshot(const std::vector<Process>& processes);

  // At least one living process matches.
  bool holds(std::size_t condition) const { return matching_[condition] > 0; }

  std::size_t size() const { return processes_.size(); }

 private:
  struct Entry {
    Process process;
    std::vector<bool> matched;  // per condition
  };

  void count(const std::vector<bool>& matched, bool add);

  std::map<ProcessId, Entry> processes_;
  std::vector<ProcessCondition> conditions_;
  std::vector<std::size_t> matching_;  // per condition: number of processes
};

}  // namespace schedkit
