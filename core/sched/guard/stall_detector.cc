#include "core/sched/guard/stall_detector.h"

#include <algorithm>
#include <utility>

namespace schedkit {

StallDetector::StallDetector(Duration period, Duration limit)
    : period_(period), needed_(std::max<std::int64_t>(1, (limit + period - Duration(1)) / period)) {}

bool StallDetector::stalled(const Tick& tick) {
  const bool ran = std::exchange(canary_, tick.canary) != tick.canary;
  const bool others_ran = std::exchange(switches_, tick.switches) != tick.switches;
  const bool late = tick.now - tick.due > period_ / 2;
  const bool first = !std::exchange(started_, true);
  if (first || ran || others_ran || late) {
    quiet_ = 0;
    return false;
  }
  if (++quiet_ < needed_) return false;
  quiet_ = 0;
  return true;
}

}  // namespace schedkit
