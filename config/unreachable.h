#pragma once

#include <string>
#include <vector>

#include "core/policy/model.h"

namespace schedkit {

struct Unreachable {
  std::string file;  // Rule::file
  Error warning;
};

// Rules that can never decide: below a rule that always holds from the start, or switched off by their own `unless`.
std::vector<Unreachable> unreachable_rules(const Policy& policy);

}  // namespace schedkit
