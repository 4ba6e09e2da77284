// The engine on a clock that nobody waits for: a list of events and commands in, every change of what is wanted out.
// The same engine and the same dwell as in the daemon, without a machine: switches always succeed and take no time.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/decision.h"
#include "core/policy/event.h"
#include "core/policy/lifetime.h"
#include "core/policy/model.h"

namespace schedkit {

struct SimulatedWait {};  // only time passes
struct SimulatedRun {
  std::string scheduler;  // a policy's name or "kernel"
  std::string mode;
  std::optional<std::vector<std::string>> args;
  std::optional<Lifetime> until;
};
struct SimulatedAuto {};
struct SimulatedHold {
  std::string name;  // by which the script releases it
  std::string scheduler;
  std::string mode;
};
struct SimulatedRelease {
  std::string name;
};
// The wall clock at this moment.
struct SimulatedClock {
  WallTime wall;
};

// A signal in a script is one as it is on the bus: `args` are its arguments, not globs.
using SimulatedAction =
    std::variant<SimulatedWait, Event, SimulatedRun, SimulatedAuto, SimulatedHold, SimulatedRelease, SimulatedClock>;

struct SimulationStep {
  Duration at{0};  // since the beginning
  SimulatedAction action;
  Where where;  // in the script, for errors
};

// From here on another scheduler or other arguments are wanted, or the same for another reason.
struct SimulationOutcome {
  Duration at{0};
  Decision decision;
};

// Plays the steps, which are in order of time, and then stops: nothing is looked at after the last one. The first
// outcome is the one at the beginning. An error has the place of the step at fault.
Result<std::vector<SimulationOutcome>> simulate(const Policy& policy, const std::vector<SimulationStep>& steps);

// One line for people: "10s  lavd/gaming  rule gaming.toml/games holds".
std::string to_text(const SimulationOutcome& outcome);

}  // namespace schedkit
