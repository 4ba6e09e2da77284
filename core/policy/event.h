// What trigger sources tell the engine.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/condition.h"
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

// A cgroup of interest as it is now. Paths begin at the root of the unified hierarchy: "/system.slice/x.service".
struct CgroupSeen {
  std::string path;
  bool populated = false;
};

struct CgroupGone {
  std::string path;
};

// All cgroups of interest there are; whoever is missing is gone.
struct CgroupSnapshot {
  std::vector<CgroupSeen> cgroups;
};

// Wall time is `offset` ahead of the monotonic clock from now on: at start, after the clock was set, after a suspend.
struct ClockSet {
  Duration offset;
};

// The machine's time zone is another.
struct ZoneChanged {
  std::string zone;  // IANA name; empty when it has none and is UTC
};

// A signal came that this match of the interests describes.
struct SignalSeen {
  SignalMatch match;
};

// A property's value; nothing when the name has no owner, the property cannot be read, or the bus is away.
struct PropertySeen {
  PropertyName property;
  std::optional<PropertyValue> value;
};

// What UPower and power-profiles-daemon say; nothing while they say nothing.
struct PowerSeen {
  std::optional<PowerSource> source;
  std::optional<PowerProfile> profile;
};

// The trigger fired just now.
struct PressureSeen {
  PressureCondition trigger;
};

using Event = std::variant<ProcessSeen, ProcessGone, ProcessSnapshot, CgroupSeen, CgroupGone, CgroupSnapshot, ClockSet,
                           ZoneChanged, SignalSeen, PropertySeen, PowerSeen, PressureSeen>;

struct PastEvent {
  Event event;
  Duration ago{0};
};

}  // namespace schedkit
