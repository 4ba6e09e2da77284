#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/policy/explain.h"

namespace schedkit {

// For programs: decision, above, rules with their conditions; times as milliseconds from `now` ("changes_in_ms").
std::string explanation_json(const Explanation& explanation, Instant now);

// For people; printable ASCII.
std::string explanation_text(const Explanation& explanation, Instant now);

}  // namespace schedkit
