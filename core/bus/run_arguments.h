#pragma once

#include "core/base/result.h"
#include "core/bus/controls.h"

struct sd_bus_message;

namespace schedkit {

// Limits of one command; what is longer is no scheduler's name, reference or argument.
constexpr std::size_t longest_scheduler = 1024;
constexpr std::size_t longest_mode = 256;
constexpr std::size_t longest_reason = 256;
constexpr std::size_t most_args = 512;
constexpr std::size_t longest_args = 65536;  // all together

// The arguments of Run(s a{sv}). Errc::invalid for an unknown option, a wrong type or an empty name.
Result<Controls::RunCommand> read_run_arguments(sd_bus_message* call);

// The same of Hold(ss a{sv}).
Result<Controls::HoldCommand> read_hold_arguments(sd_bus_message* call);

}  // namespace schedkit
