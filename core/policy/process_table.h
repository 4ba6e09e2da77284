#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "core/policy/event.h"
#include "core/policy/facts.h"
#include "core/policy/glob_index.h"
#include "core/policy/process.h"

namespace schedkit {

// The processes reported and, for each condition in use, how many of them match it. An event costs what the conditions
// cost that its names may match, whatever the number of processes and of other conditions.
class ProcessTable {
 public:
  explicit ProcessTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; processes stay and are matched again.
  void watch(std::vector<Watched<ProcessCondition>> conditions);

  void seen(const Process& process);
  void gone(const ProcessId& id);
  void snapshot(const std::vector<Process>& processes);

  FactDetail detail(Fact fact) const;

  // Appends what a new table must hear to know the same.
  void tell(std::vector<PastEvent>& known) const;

  std::size_t size() const { return processes_.size(); }

 private:
  using Numbers = std::vector<std::uint32_t>;  // of conditions_
  struct Entry {
    Process process;
    Numbers matched;
  };

  void index(std::uint32_t number);
  Numbers match(const Process& process) const;
  void count(const Numbers& matched);
  void discount(const Numbers& matched);

  Facts& facts_;
  std::map<ProcessId, Entry> processes_;
  std::vector<Watched<ProcessCondition>> conditions_;
  std::vector<std::size_t> matching_;  // parallel: number of processes

  // A condition is found by the first key it has of these.
  GlobIndex names_, exes_, cmdlines_, parents_, cgroups_, users_, variables_;
};

}  // namespace schedkit
