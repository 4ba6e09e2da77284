// The status of a SchedPolicy: what became of it on the nodes. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/clock.h"
#include "k8s/watch_event.h"

namespace schedkit {

struct PolicyStatus {
  nlohmann::json status;                    // as it is applied
  std::optional<WallTime> look_again = {};  // when time alone will change it
};

// `policy`: with its status as it is, from which the rollout goes on; equal circumstances give equal bytes. `nodes`: v1
// Nodes; `node_scheds`: what their agents report, by the same names.
PolicyStatus policy_status(const nlohmann::json& policy, const ObjectMap& nodes, const ObjectMap& node_scheds,
                           WallTime now);

}  // namespace schedkit
