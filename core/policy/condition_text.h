#pragma once

#include <string>

#include "core/policy/condition.h"

namespace schedkit {

// One line for people, close to how a policy file says it: `time 22:00-06:00 Sat,Sun Europe/Berlin`. Of environment
// variables only the names: values may be secrets even as patterns.
std::string to_text(const Condition& condition);

}  // namespace schedkit
