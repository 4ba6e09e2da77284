// What trigger sources tell the engine.
#pragma once

#include <variant>
#include <vector>

#include "core/policy/process.h"

namespace schedkit {

// A process began, executed another program or was renamed: these are its facts now.
struct ProcessSeen {
  Process process;
};

// A process that was reported before has ended. Unknown ids are ignored.
struct ProcessGone {
  ProcessId id;
};

// All candidates alive now; whoever is missing has ended. Sent after a scan (start, filter change, lost events).
struct ProcessSnapshot {
  std::vector<Process> processes;
};

using Event = std::variant<ProcessSeen, ProcessGone, ProcessSnapshot>;

}  // namespace schedkit
