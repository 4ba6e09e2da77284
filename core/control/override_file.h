#pragma once

#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/controls.h"

namespace schedkit {

// What is kept of an override: the command that made it and, when it has one, its end. The monotonic clock is the same
// for all programs until the machine ends.
struct KeptOverride {
  Controls::RunCommand command;
  std::optional<Instant> until;
};

// An override outlives the daemon in a small JSON file.
Result<void> write_override(const std::string& path, const KeptOverride& override);
Result<void> remove_override(const std::string& path);

// nullopt when there is none.
Result<std::optional<KeptOverride>> read_override(const std::string& path);

}  // namespace schedkit
