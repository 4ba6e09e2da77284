// The engine: facts and the present time in, Decision out. No I/O, no clock, no loop.
//
// A rule is idle → pending (its conditions hold, `delay` is running) → active → lingering (they no longer hold,
// `linger` is running) → idle. Conditions that hold again while it lingers make it active at once. Among active and
// lingering rules the winner is the one with the higher priority, then one with conditions before one without, then the
// one active since later, then the first by FILE/RULE. An override stands above all rules. When nothing counts: the
// policy's fallback.
//
// Same events in the same order at the same times give the same decisions.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/decision.h"
#include "core/policy/event.h"
#include "core/policy/model.h"

namespace schedkit {

class ProcessTable;

// What `schedctl run`, `schedctl stop` and desktop tools ask for; above all rules until cleared or `until` has passed.
struct Override {
  Choice choice;
  std::string by;  // who asked, for people
  std::optional<Instant> until;
};

class Engine {
 public:
  Engine();
  ~Engine();

  // Takes a new policy. Rules that did not change keep their timers. Processes stay known with the facts they were
  // reported with; new conditions may need others, so a ProcessSnapshot should follow before decide().
  void replace(Policy policy);

  void apply(const Event& event, Instant now);

  void set_override(Override choice);
  void clear_override();
  const std::optional<Override>& current_override() const { return override_; }

  // Moves rules whose time has come, and answers. Idempotent.
  Decision decide(Instant now);

  // When time alone will change the answer next; nullopt: never.
  std::optional<Instant> next_change() const;

  // Highest priority first.
  std::vector<RuleStatus> rules() const;
  const Policy& policy() const { return policy_; }

 private:
  struct RuleTimer {
    RuleState state = RuleState::idle;
    Instant since{};  // when it entered `state`; of an active or lingering rule: since when it is active
    Instant until{};  // when pending or lingering ends
  };
  using Alternatives = std::vector<std::vector<std::size_t>>;  // condition numbers of the process table
  struct CompiledRule {
    RuleTimer timer;
    Alternatives when;
    Alternatives unless;
  };

  Alternatives compile(const std::vector<ConditionSet>& sets);
  bool any_holds(const Alternatives& alternatives) const;
  void advance(Instant now);
  static void step(const Rule& rule, RuleTimer& timer, bool holds, Instant now);
  std::vector<std::size_t> ranked() const;  // the rules that count now, the winner first

  Policy policy_;
  std::vector<CompiledRule> rules_;  // parallel to policy_.rules
  std::unique_ptr<ProcessTable> processes_;
  std::optional<Override> override_;
};

}  // namespace schedkit
