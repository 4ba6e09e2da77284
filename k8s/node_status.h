// The status of a NodeSched: what this node really does. Pure.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/policy/status.h"
#include "k8s/acknowledgement.h"
#include "k8s/node_plan.h"

namespace schedkit {

struct NodeReport {
  std::string agent_version;
  std::string kernel_release;
  const Status* daemon = nullptr;  // null: away
  const NodePlan& plan;
  const std::map<std::string, PolicyState>& states;  // by file, one for each policy of the plan
  std::vector<std::string> troubles = {};            // what keeps us from knowing or doing more
};

// The whole status, as it is applied. `previous` is the one before, null for none: a condition whose status is the same
// keeps its lastTransitionTime, so that equal reports give equal bytes. At most 64 policies are listed, those with a
// problem first; texts are cut to what the CRD admits.
nlohmann::json node_status(const NodeReport& report, const nlohmann::json& previous, WallTime now);

struct NodeEvent {
  bool warning = false;
  std::string reason;
  std::string message;
};

// What is worth a Kubernetes Event between two such statuses; nothing when `before` is null.
std::vector<NodeEvent> node_events(const nlohmann::json& before, const nlohmann::json& after);

}  // namespace schedkit
