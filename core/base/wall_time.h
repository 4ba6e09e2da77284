#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/base/clock.h"

namespace schedkit {

// What somebody else says is so many seconds after 1970. What lies before is taken for 1970, what lies after 2200 for
// that: a WallTime counts nanoseconds and ends in 2262, and something may be added to it.
inline WallTime wall_time(std::int64_t seconds) {
  constexpr std::int64_t latest = 7'258'118'400;
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, latest)));
}

}  // namespace schedkit
