#pragma once

#include <string>

#include "core/policy/model.h"

namespace schedkit {

// `scheduler` as the TOML of a policy file; parsing it gives the same scheduler but for its place.
std::string to_toml(const Scheduler& scheduler);

}  // namespace schedkit
