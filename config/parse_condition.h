#pragma once

#include <string>
#include <vector>

#include "config/table_reader.h"
#include "core/policy/model.h"

namespace schedkit {

// The alternatives under `key` ("when" or "unless") of a rule: a table whose kinds must all hold, or an array of them.
std::vector<ConditionSet> parse_conditions(TableReader& rule, std::string_view key);

}  // namespace schedkit
