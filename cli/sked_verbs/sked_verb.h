// What `sked` can do, one file for each verb.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "core/base/result.h"

namespace schedkit {

struct SkedVerb {
  CLI::App* command;  // whether it was given, and its help
  std::function<Result<void>()> run;
};

SkedVerb add_render(CLI::App& app);
SkedVerb add_prune(CLI::App& app);
SkedVerb add_agent(CLI::App& app);
SkedVerb add_coordinate(CLI::App& app);
SkedVerb add_status(CLI::App& app);
SkedVerb add_sked_man(CLI::App& app);  // hidden

}  // namespace schedkit
