// Values of environments are shown to nobody. What may be told of a process is which of the globs that conditions have
// its variables match: explain tells as much.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "core/policy/event.h"
#include "core/policy/model.h"

namespace schedkit {

// Names of variables, each with a glob that some rule has for its value.
using EnvironmentGlobs = std::set<std::pair<std::string, std::string>>;

EnvironmentGlobs environment_globs(const Policy& policy);

// The event with `environment_globs` in place of `environment` in every process.
Event without_environment(Event event, const EnvironmentGlobs& globs);

}  // namespace schedkit
