// The engine on a clock that nobody waits for: a list of events and commands in, every change of what is wanted out.
// The same engine and the same dwell as in the daemon, without a machine: switches always succeed and take no time.
#pragma once

#include <functional>
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
#include "core/policy/snapshot.h"

namespace schedkit {

// When simulations begin: instants in events (ClockSet) are on this clock.
constexpr Instant simulation_beginning{Duration(std::chrono::hours(1))};

// Only time passes. `lost`: how many lines a recording could not keep before this one.
struct SimulatedWait {
  std::uint64_t lost = 0;
};
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
  std::optional<std::vector<std::string>> args = {};
};
struct SimulatedRelease {
  std::string name;
};
// The policy files were read again: these, files or directories as the script names them, or without any the same ones.
// What the sources then told belongs to it: nothing is decided in between.
struct SimulatedReload {
  std::vector<std::string> policies;
  std::vector<Event> events;
};
// What a daemon followed.
struct SimulatedPresent {
  SimulatedRun choice;
  Cause cause = Cause::default_choice;
  std::string rule;
  std::string reason;
};
// Everything is as it was in a daemon at this moment.
struct SimulatedSnapshot {
  Snapshot engine;
  std::optional<SimulatedPresent> present;
  std::optional<SimulatedRun> command;  // the override
  std::vector<SimulatedHold> holds;
};

// A signal in a script is one as it is on the bus: `args` are its arguments, not globs.
using SimulatedAction = std::variant<SimulatedWait, Event, SimulatedRun, SimulatedAuto, SimulatedHold, SimulatedRelease,
                                     SimulatedReload, SimulatedSnapshot>;

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

// Reads what a SimulatedReload names.
using LoadPolicies = std::function<Result<Policy>(const std::vector<std::string>& policies)>;

// Plays the steps, which are in order of time, and then stops: nothing is looked at after the last one. The first
// outcome is the one at the beginning, which is after a snapshot when the script begins with one. An error has the
// place of the step at fault.
Result<std::vector<SimulationOutcome>> simulate(const Policy& policy, const std::vector<SimulationStep>& steps,
                                                const LoadPolicies& load);

// One line for people: "10s  lavd/gaming  rule gaming.toml/games holds".
std::string to_text(const SimulationOutcome& outcome);

}  // namespace schedkit
