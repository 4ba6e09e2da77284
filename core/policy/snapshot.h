// Where an engine stands at one moment, for another one with the same policy to go on from. Times are relative to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/decision.h"
#include "core/policy/event.h"

namespace schedkit {

struct RuleSnapshot {
  std::string rule;
  RuleState state = RuleState::active;
  Duration since{0};    // ago: of a pending rule since when its conditions hold, else since when it is active
  Duration ends_in{0};  // of one that is pending or lingering
};

struct Snapshot {
  std::vector<PastEvent> events;    // bring an empty world to what is known
  std::vector<RuleSnapshot> rules;  // those that are not idle
  Duration dwell{0};                // automatic switches wait that long
};

}  // namespace schedkit
