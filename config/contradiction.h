#pragma once

#include "core/policy/condition.h"

namespace schedkit {

// True when no state of the machine fulfils all conditions of the set: windows that never meet, two values of one
// property, battery and mains. What is not told apart here may still be impossible.
bool is_contradiction(const ConditionSet& set);

}  // namespace schedkit
