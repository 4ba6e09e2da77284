#pragma once

#include <optional>
#include <string>

#include "core/base/result.h"
#include "core/bus/controls.h"

namespace schedkit {

// An override outlives the daemon in a small JSON file: the command that made it.
Result<void> write_override(const std::string& path, const Controls::RunCommand& command);
Result<void> remove_override(const std::string& path);

// nullopt when there is none.
Result<std::optional<Controls::RunCommand>> read_override(const std::string& path);

}  // namespace schedkit
