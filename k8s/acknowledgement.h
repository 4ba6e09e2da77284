// What became of a policy on this node, as far as schedkitd says. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/policy/status.h"
#include "k8s/node_plan.h"

namespace schedkit {

enum class PolicyPhase { pending, staged, applied, overridden, failed, rolled_back, suspended };

std::string_view to_string(PolicyPhase phase);  // "Pending" and so on, as in NodeSched

struct PolicyState {
  PolicyPhase phase = PolicyPhase::pending;
  std::string message = {};
  bool operator==(const PolicyState&) const = default;
};

// `daemon` is null while schedkitd is away, `write_error` unless its file could not be written. A file counts as read
// when schedkitd saw exactly our bytes, and as applied when these are in force.
PolicyState state_of(const PlannedPolicy& policy, const std::string& file, const Status* daemon,
                     const Error* write_error);

// Whether schedkitd sees other bytes, or none, where the plan has a file: somebody was at it, or it has not looked yet.
bool differs_on_disk(const NodePlan& plan, const Status& daemon);

}  // namespace schedkit
