#pragma once

#include "core/base/clock.h"
#include "core/policy/decision.h"
#include "core/policy/history.h"
#include "core/policy/simulation.h"

namespace schedkit {

// Is told what the daemon learns, decides and does, as it happens. It must not call back.
class Watcher {
 public:
  virtual ~Watcher() = default;

  // An event or a command, as a script for simulations has it, without values of environments.
  virtual void saw(Instant at, const SimulatedAction& action) = 0;
  virtual void decided(Instant at, const Decision& decision) = 0;
  virtual void happened(Instant at, const HistoryEntry& entry) = 0;
};

}  // namespace schedkit
