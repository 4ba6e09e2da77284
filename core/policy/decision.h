#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/model.h"

namespace schedkit {

enum class Cause { rule, default_choice, hold, override_choice };

std::string_view to_string(Cause cause);

// A rule that counts now but lost.
struct Loser {
  std::string rule;
  std::string reason;

  bool operator==(const Loser&) const = default;
};

// What should run now and why.
struct Decision {
  Choice choice;
  Cause cause = Cause::default_choice;
  std::string rule;    // FILE/RULE of the winner; empty for all other causes
  std::string reason;  // one line for people
  std::vector<Loser> losers;

  bool operator==(const Decision&) const = default;
};

enum class RuleState { idle, pending, active, lingering };

std::string_view to_string(RuleState state);

// One rule as `schedctl status -v` and `explain` show it.
struct RuleStatus {
  std::string rule;
  std::string use;
  int priority = 0;
  RuleState state = RuleState::idle;
  std::optional<Instant> until;  // pending: when it becomes active; lingering: when it stops counting
};

}  // namespace schedkit
