#pragma once

#include <string>
#include <vector>

#include "core/policy/model.h"

namespace schedkit {

// What each process condition costs, one line each: "gaming.toml/games: filtered in the kernel by name" or why every
// process that starts wakes the daemon, and which files of /proc are read of those that pass.
std::vector<std::string> process_costs(const Policy& policy);

}  // namespace schedkit
