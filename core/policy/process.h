// Processes as conditions see them. Pure data; sources fill it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/policy/pattern.h"

namespace schedkit {

// One process for its whole life: pids are reused, so the start time belongs to the name.
struct ProcessId {
  std::int32_t pid = 0;           // thread group id
  std::uint64_t start_ticks = 0;  // proc_pid_stat(5), field 22: clock ticks after boot

  auto operator<=>(const ProcessId&) const = default;
};

// The facts known of a process. A field that no condition asks for (ProcessNeeds) may be empty.
struct Process {
  ProcessId id;
  std::string comm;                    // current name, at most 15 bytes
  std::string exe_name;                // file name of the executable
  std::string exe;                     // its path as the process' mount namespace shows it
  std::string cmdline;                 // arguments joined by one space
  std::string user;                    // login name of the real uid, or its number when it has none
  std::string cgroup;                  // path in the unified hierarchy, "/…"
  std::vector<std::string> ancestors;  // comm of the parent, its parent, …
  std::vector<std::pair<std::string, std::string>> environment;  // as given at its last exec
  // In recordings, which hold no values: by name, the globs that a value is known to match (hidden_environment.h).
  std::vector<std::pair<std::string, std::string>> environment_globs = {};

  bool operator==(const Process&) const = default;
};

// `when.process`: every key given must match (docs/policy.md).
struct ProcessCondition {
  Patterns comm;  // the current name or the executable's file name
  Patterns exe;
  Patterns cmdline;
  Patterns user;
  Patterns parent;  // any ancestor's comm
  Patterns cgroup;
  std::vector<std::pair<std::string, Patterns>> env;

  bool matches(const Process& process) const;

  auto operator<=>(const ProcessCondition&) const = default;
};

// Which facts beyond pid, comm and exe_name the conditions in force look at; each costs a read of /proc per candidate.
struct ProcessNeeds {
  bool exe = false;
  bool cmdline = false;
  bool user = false;
  bool ancestors = false;
  bool cgroup = false;
  bool environment = false;

  void include(const ProcessCondition& condition);

  bool operator==(const ProcessNeeds&) const = default;
};

}  // namespace schedkit
