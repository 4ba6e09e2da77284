// When a `time` condition holds: pure arithmetic on wall time.
//
// A window is one stretch [start, end) that belongs to the local day on which it starts. Daylight saving moves its ends
// and nothing else: an end in a skipped hour is the moment of the skip; with an hour that comes twice the window starts
// at the first and ends at the second.
#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/policy/condition.h"
#include "core/policy/time_zone.h"

namespace schedkit {

bool is_inside(const TimeCondition& window, const TimeZone& zone, WallTime now);

// When is_inside() will be different; nullopt: never.
std::optional<WallTime> next_edge(const TimeCondition& window, const TimeZone& zone, WallTime now);

}  // namespace schedkit
