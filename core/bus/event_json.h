// Events as lines of JSON: what `schedctl simulate` reads (docs/simulate.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/simulation.h"

namespace schedkit {

// The script in `text`, one JSON object a line; empty lines and those that begin with '#' are passed over. `file` is its
// name in errors, which carry line numbers.
Result<std::vector<SimulationStep>> parse_event_script(std::string_view text, const std::string& file);

// One outcome as a line of JSON, with its newline.
std::string outcome_json(const SimulationOutcome& outcome);

}  // namespace schedkit
