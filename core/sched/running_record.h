// What a daemon leaves for the next one about a run, in the run's directory (RUN_DIR/run/ID/record.json): enough to
// find its first process again and to know what it is. JSON, version 1. It exists from before the scheduler begins to
// run until the run is cleaned up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/sched/run.h"

namespace schedkit {

struct RunningRecord {
  std::string id;
  std::int32_t pid = 0;
  std::uint64_t start_ticks = 0;      // of that process: pids are reused
  std::uint64_t mount_namespace = 0;  // inode
  std::string cgroup;                 // directory of its own v2 cgroup; empty: none
  Instant started;                    // CLOCK_MONOTONIC: records do not outlive a boot, since /run does not
  WallTime started_wall;              // for people
  std::vector<std::uint64_t> parked;  // ids of the seccomp notifications held at its gate (gate.h)
  RunRequest request;
};

std::string to_json(const RunningRecord& record);
Result<RunningRecord> parse_record(std::string_view json);

Result<void> write_record(const std::string& directory, const RunningRecord& record);
Result<RunningRecord> read_record(const std::string& directory);

// What to run, for other files of the daemon's; "{}" stands for the kernel's own.
std::string choice_json(const Choice& choice);
Result<Choice> parse_choice(std::string_view json);

// Whether that very process still exists. A zombie does.
bool is_alive(const RunningRecord& record);

}  // namespace schedkit
