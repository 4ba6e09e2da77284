// Decides whether a scheduler has stopped giving CPUs to ordinary tasks. Pure: ticks in, verdict out; allocates nothing.
//
// The guard wakes its canary, an ordinary task, at every tick. The machine is stalled when, through a whole limit of
// ticks that came on time, the canary did not run and no other ordinary task was switched in either. So these are no
// stalls:
//
//   overload           the canary waits for its turn, but others run
//   SIGSTOP, freezing  the guard is stopped with its canary: its next tick is late
//   suspend, paused VM the clock stops, or the next tick is late
//   CPU quotas         the canary is throttled; tasks outside its cgroup run, and a quota's period ends
//
// A late tick tells that the guard itself did not run, hence nothing about others: it restarts the count.
#pragma once

#include <cstdint>

#include "core/base/clock.h"

namespace schedkit {

class StallDetector {
 public:
  // Every `period` a tick; stalled after `limit`, rounded up to whole ticks.
  StallDetector(Duration period, Duration limit);

  struct Tick {
    Instant due;                 // when it should have come
    Instant now;                 // when it came
    std::uint64_t canary = 0;    // any change since the last tick: the canary ran
    std::uint64_t switches = 0;  // any change since the last tick: another ordinary task was switched in
  };

  // True when the machine is stalled; the count then begins anew. The canary must have been woken after the last tick.
  bool stalled(const Tick& tick);

  // The next tick is the first.
  void restart() { started_ = false; }

  Duration limit() const { return period_ * needed_; }

 private:
  Duration period_;
  std::int64_t needed_;     // ticks in the limit
  std::int64_t quiet_ = 0;  // ticks in a row without any progress
  bool started_ = false;
  std::uint64_t canary_ = 0;
  std::uint64_t switches_ = 0;
};

}  // namespace schedkit
