// The benchmark itself: every scheduler works every workload in each round, one after the other, so that what changes on
// the machine meanwhile meets them all.
#pragma once

#include <map>

#include "cli/bench/workload.h"

namespace schedkit {

// Puts schedulers into force; a fake in tests.
class BenchMachine {
 public:
  virtual ~BenchMachine() = default;

  // Returns when the kernel has confirmed; Errc::cancelled when the benchmark is to end meanwhile.
  virtual Result<void> take(const std::string& scheduler) = 0;

  // An error when what was taken is not in force any more, or was not all the time.
  virtual Result<void> confirm() = 0;
};

struct BenchPlan {
  std::vector<std::string> schedulers;  // the first is what the others are compared with
  std::vector<Workload> workloads;
  unsigned rounds = 5;
  Duration duration = std::chrono::seconds(2);  // of a workload in a round
  Duration warm_up = std::chrono::seconds(1);   // of the first workload after each change, not counted
};

// How long that takes without the changes of scheduler.
Duration planned(const BenchPlan& plan);

// What one scheduler did at one workload: the samples of each round that it finished.
using Rounds = std::vector<Samples>;

struct BenchResult {
  BenchPlan plan;
  unsigned rounds = 0;                                       // that all schedulers still in the race have finished
  std::map<std::pair<std::string, std::string>, Rounds> of;  // by scheduler and workload
  std::map<std::string, std::string> failed;                 // schedulers that left the race, and why
};

// Called before each step with a line for people.
using BenchProgress = std::function<void(const std::string&)>;

// A scheduler that fails leaves the race; what it did in rounds before stays. When `pause` tells the end, the rounds
// finished by then count. Errc::failed when a workload cannot be run, Errc::cancelled when no round was finished.
Result<BenchResult> measure(const BenchPlan& plan, BenchMachine& machine, const BenchPause& pause,
                            const BenchProgress& progress);

}  // namespace schedkit
