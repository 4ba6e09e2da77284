// The engine: facts and the present time in, Decision out. No I/O, no clock, no loop.
//
// A rule is idle → pending (its conditions hold, `delay` is running) → active → lingering (they no longer hold,
// `linger` is running) → idle. Conditions that hold again while it lingers make it active at once. Among active and
// lingering rules the winner is the one with the higher priority, then one with conditions before one without, then the
// one active since later, then the first by FILE/RULE. Above all rules stands the newest hold, above that an override.
// When nothing counts: the policy's fallback.
//
// Same events in the same order at the same times give the same decisions. An event costs what the rules cost whose
// conditions it changes; rules that it does not concern cost nothing. What falls due at one instant happens in this
// order: delays and lingers of rules, conditions that end or begin by time, events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/deadlines.h"
#include "core/policy/decision.h"
#include "core/policy/event.h"
#include "core/policy/facts.h"
#include "core/policy/model.h"
#include "core/policy/snapshot.h"

namespace schedkit {

class World;

// What `schedctl run`, `schedctl stop` and desktop tools ask for; above all rules until cleared or `until` has passed.
struct Override {
  Choice choice;
  std::string by;  // who asked, for people
  std::optional<Instant> until;
};

// What a client claims for as long as it lives: above the rules, below an override.
struct Hold {
  std::uint32_t id = 0;  // given by the engine
  Choice choice;
  std::string by;           // who asked, for people
  std::string reason = {};  // what for; may be empty
};

class Engine {
 public:
  using Alternatives = std::vector<std::vector<Fact>>;  // any of them, each with all its facts

  // A rule as it stands, for explain.h.
  struct RuleView {
    const Rule& rule;
    const Alternatives& when;
    const Alternatives& unless;
    RuleStatus status;
  };

  Engine();
  ~Engine();

  // Takes a new policy. Rules that did not change keep their timers, conditions that did not change what is known of
  // them. Processes stay known with the facts they were reported with; new conditions may need others, so that a
  // ProcessSnapshot should follow before decide(). Holds and override stay.
  void replace(Policy policy);

  void apply(const Event& event, Instant now);

  // Where it stands, but for dwell, override and holds; and going on from there with the present policy.
  Snapshot snapshot(Instant now) const;
  void resume(const Snapshot& snapshot, Instant now);

  void set_override(Override choice);
  void clear_override();
  const std::optional<Override>& current_override() const { return override_; }

  // Returns the hold's id, which is never used again. Of several the newest counts.
  std::uint32_t add_hold(Choice choice, std::string by, std::string reason = {});
  // False when there is none of that id.
  bool release_hold(std::uint32_t id);
  // The newest last.
  const std::vector<Hold>& holds() const { return holds_; }

  // Moves rules whose time has come, and answers. Idempotent. Valid until the next call of a function that is not const.
  const Decision& decide(Instant now);

  // When time alone will move a rule or change a condition next; nullopt: never. Exact after decide().
  std::optional<Instant> next_change() const;

  // Highest priority first.
  std::vector<RuleStatus> rules() const;
  // Those that count, the winner first, then the others as rules() has them.
  std::vector<RuleView> ranked() const;

  const Policy& policy() const { return policy_; }
  const World& world() const { return *world_; }

 private:
  struct RuleTimer {
    RuleState state = RuleState::idle;
    Instant since{};  // when it entered `state`; of an active or lingering rule: since when it is active
    Instant until{};  // when pending or lingering ends
  };
  struct CompiledRule {
    RuleTimer timer;
    Alternatives when;
    Alternatives unless;
    std::uint32_t order = 0;  // by FILE/RULE
  };
  // A rule that counts, ordered by who wins.
  struct Rank {
    int priority;  // negated, so that the higher comes first
    bool unconditional;
    Duration since;  // negated
    std::uint32_t order;
    std::uint32_t rule;

    auto operator<=>(const Rank&) const = default;
  };

  void compile();
  void index_timers();
  bool any_holds(const Alternatives& alternatives) const;
  bool holds(std::uint32_t rule) const;
  void advance(Instant now);
  void follow_facts(Instant now);
  void look(std::uint32_t rule, Instant now);
  Rank rank_of(std::uint32_t rule) const;
  RuleStatus status_of(std::uint32_t rule) const;
  std::vector<std::uint32_t> by_priority() const;
  void decide_anew();
  static void step(const Rule& rule, RuleTimer& timer, bool holds, Instant now);

  Policy policy_;
  std::vector<CompiledRule> rules_;  // parallel to policy_.rules
  std::unique_ptr<World> world_;
  std::vector<std::vector<std::uint32_t>> rules_of_;  // by fact
  bool fresh_ = false;                                // replaced and not looked at yet
  Deadlines timers_;                                  // by rule
  std::set<Rank> counting_;
  std::vector<Hold> holds_;
  std::uint32_t last_hold_ = 0;
  std::optional<Override> override_;
  Decision decision_;
  bool stale_ = true;  // decision_
};

}  // namespace schedkit
