// Events as lines of JSON: what `schedctl simulate` reads and `schedctl watch` writes (docs/simulate.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/history.h"
#include "core/policy/simulation.h"

namespace schedkit {

// The script in `text`, one JSON object a line; empty lines and those that begin with '#' are passed over. `file` is
// its name in errors, which carry line numbers. What was decided and done (decision_json, happened_json) only lets time
// pass.
Result<std::vector<SimulationStep>> parse_event_script(std::string_view text, const std::string& file);

// Objects of a script, without their `at`. `now` is the moment on the clock of the instants in the action.
std::string action_json(const SimulatedAction& action, Instant now);
std::string decision_json(const Decision& decision);
std::string happened_json(const HistoryEntry& entry);
// Such an object with its `at`, as a line with its newline.
std::string script_line(Duration at, std::string_view object);

// One outcome as a line of JSON, with its newline.
std::string outcome_json(const SimulationOutcome& outcome);

}  // namespace schedkit
