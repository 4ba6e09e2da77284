// Staged rollouts of a SchedPolicy. Pure.
//
// A change of what a policy says (its revision) comes to the canaries first, then to the nodes of each step: those
// whose bucket, a hash of the policy's uid and the node's name, is below the step's percentage. A step is over when
// each of its nodes has had it in force for the soak time without a break. The coordinator publishes where a rollout is
// in the policy's status; a node reads there whether it takes part. Without a coordinator no rollout moves.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "k8s/labels.h"

namespace schedkit {

struct RolloutSpec {
  bool staged = false;
  bool paused = false;
  std::optional<LabelSelector> canaries = {};
  std::vector<int> steps = {100};  // percent, rising; the last is 100
  Duration soak = std::chrono::minutes(10);
  int max_failed = 0;
  bool roll_back = false;  // onFailure: Rollback
};

// spec.rollout of a SchedPolicy. Errc::invalid names the field.
Result<RolloutSpec> read_rollout(const nlohmann::json& policy);

// 16 hexadecimal digits over spec.priority, spec.default and spec.rules.
std::string rollout_revision(const nlohmann::json& policy);

// From 0 to 99.
int rollout_bucket(std::string_view policy_uid, std::string_view node);

enum class RolloutPhase { progressing, soaking, paused, complete, halted, rolled_back };

std::string_view to_string(RolloutPhase phase);  // "Progressing" and so on
std::optional<RolloutPhase> rollout_phase_of(std::string_view text);

// Where a rollout is. All of it is in the policy's status, so that any coordinator goes on where another stopped.
struct RolloutState {
  std::string revision = {};
  std::string stable_revision = {};  // the last that was complete; "" for none
  RolloutPhase phase = RolloutPhase::progressing;
  int percent = 0;                          // 0: the canaries alone
  WallTime step_start = {};                 // when percent became that
  std::optional<WallTime> soak_start = {};  // since when all of the step are fine
  bool operator==(const RolloutState&) const = default;
};

// nullopt when the policy's status has none.
std::optional<RolloutState> read_rollout_state(const nlohmann::json& policy);
nlohmann::json to_json(const RolloutState& state);

// A node that the policy selects, as its NodeSched says.
struct RolloutNode {
  enum class Report {
    none,        // it has not said anything of the policy's present generation
    applied,     // in force
    overridden,  // masked by somebody on the node: as wanted there
    failed,      // not in force, or rolled back after an ejection
  };
  std::string name;
  Labels labels = {};
  bool ready = true;  // as its Node says; what one that is not reported is of the past
  Report report = Report::none;
};

// Whether `node` shall have state.revision.
bool is_updated(const RolloutState& state, const RolloutSpec& spec, std::string_view policy_uid,
                const RolloutNode& node);

struct RolloutStep {
  RolloutState state;
  std::optional<WallTime> look_again = {};  // when time alone will change it
};

// The state that follows. `before`: nullopt for a policy that no coordinator has seen. More than maxFailed failed nodes
// halt it, or roll it back, also while it is paused; a halted one goes on when they are fewer again or maxFailed is
// raised, one that was rolled back only with another revision. Nodes that are not ready or say nothing hold their step,
// for they prove nothing.
RolloutStep next_rollout(const RolloutSpec& spec, const std::string& revision, std::string_view policy_uid,
                         const std::vector<RolloutNode>& nodes, const std::optional<RolloutState>& before,
                         WallTime now);

// For a node: whether the policy, with the status that was published, has come to it. A policy that comes to all at
// once has; of a Staged one what is published must be of the revision that the spec now is.
bool rollout_admits(const nlohmann::json& policy, std::string_view node, const Labels& labels);

}  // namespace schedkit
