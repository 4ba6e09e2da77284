// What `schedctl status` and the bus show: one consistent picture, read from the kernel and from what the daemon does
// at that moment. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/policy/decision.h"
#include "core/policy/policy_file.h"
#include "core/policy/strike.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

enum class SystemState {
  idle,                   // nothing of ours runs, nothing is attached
  running,                // our scheduler is attached
  preparing,              // a candidate is being brought to the gate
  handing_over,           // between detaching the old and the new one being enabled
  probation,              // our scheduler is attached and has to prove itself; what a rollback needs stands ready
  orphaned_kernel_state,  // attached, and no process holds it: a pinned link, or what a removed daemon left
  managed_detached,       // our scheduler's process runs, nothing is attached
  managed_mismatch,       // our scheduler's process runs, another one is attached
  foreign,                // somebody else's scheduler is attached
  unsupported,            // this kernel has no sched_ext
};

std::string_view to_string(SystemState state);

struct KernelStatus {
  bool supported = false;
  std::string state;  // as /sys/kernel/sched_ext/state has it
  std::string ops;
  std::uint64_t enable_seq = 0;
};

// A scheduler's run as shown.
struct RunStatus {
  std::string name;  // of the scheduler
  std::string id;    // of the run
  std::string image;
  std::string digest;
  std::string mode;
  std::vector<std::string> args;
  std::int32_t pid = 0;
  WallTime started{};
  std::string phase;  // "attached", "starting", "at the gate", "stopping"
};

// A switch that happened.
struct SwitchRecord {
  std::string from;  // scheduler names; "kernel" for none
  std::string to;
  std::string cause;
  WallTime at{};
  Duration prepare{0};  // decision until the candidate was at the gate
  Duration detach{0};   // beginning to detach the old one until the kernel said disabled
  Duration attach{0};   // opening the gate until the kernel said enabled
};

// A scheduler that is kept at the attach gate, or should be.
struct StandbyStatus {
  std::string name;
  std::string role;   // "standby": a policy asks for it; "previous": what a rollback would bring back
  std::string phase;  // "queued", "unpacking", "loading", "at the gate", "not kept", "given up"
  std::string why;    // of the last two
  std::int32_t pid = 0;
  std::string digest = {};  // of its image; empty while that is not known

  bool operator==(const StandbyStatus&) const = default;
};

// What a client claims for as long as it lives; engine.h, Hold.
struct HoldStatus {
  std::uint32_t id = 0;
  std::string scheduler;  // "kernel" for none
  std::string mode;
  std::string by;
  std::string reason;

  bool operator==(const HoldStatus&) const = default;
};

// The last thing that went wrong; stays until that scheduler is attached after all.
struct FailureRecord {
  std::string scheduler;
  std::string text;  // what failed and why, in one line
  WallTime at{};
  std::vector<std::string> output;  // the scheduler's last lines
};

struct Status {
  SystemState state = SystemState::idle;
  KernelStatus kernel;
  std::optional<RunStatus> current;    // ours that is attached, or was and still runs
  std::optional<RunStatus> candidate;  // being prepared
  std::vector<StandbyStatus> standbys;
  std::optional<Instant> probation_until;  // of `current`
  std::string foreign_owner;               // who attached what is not ours: "scx_rusty (pid 42, scx.service)"
  Decision wanted;
  std::optional<std::string> override_by;
  std::optional<WallTime> override_until;
  std::vector<HoldStatus> holds;  // the newest last: it is the one that counts
  std::optional<SwitchRecord> last_switch;
  std::optional<FailureRecord> last_failure;
  std::vector<StrikeRecord> strikes;  // what is held against schedulers, quarantine included
  std::string discrepancy;  // one line when the kernel's truth is not what the decision wants; empty otherwise
  std::vector<RuleStatus> rules;
  std::vector<PolicyFileStatus> files;
  // Of no single file: a directory that cannot be read, an image that cannot be made runnable.
  std::vector<Error> problems;
  std::vector<SourceStatus> sources;
};

}  // namespace schedkit
