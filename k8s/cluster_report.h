// What `sked status` tells of a cluster, from its SchedPolicies and NodeScheds. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

struct PolicyRow {
  std::string name;   // that of a SchedExt is NAMESPACE/NAME
  std::string phase;  // of the rollout; what keeps it from having one; "Unknown" when nobody wrote a status
  std::size_t applied = 0;
  std::size_t desired = 0;  // nodes that it selects
  std::string message;      // what is wrong; "" when nothing is
};

// Of each SchedPolicy, and of what else nodes report, which is SchedExts, by name. Without a status of the coordinator
// the nodes that report the policy are counted.
std::vector<PolicyRow> policy_rows(const std::vector<nlohmann::json>& policies,
                                   const std::vector<nlohmann::json>& node_scheds);

struct NodeRow {
  std::string name;
  std::string scheduler;  // what the kernel runs; "" while that is unknown
  std::string ops;        // by its name in the kernel; "" for none
  std::string phase;      // of the policy there
  std::string reason;     // why it is so, when it is not Applied
};

// The nodes that report `policy`, by name. Errc::not_found when there is neither such a policy nor such a node.
Result<std::vector<NodeRow>> node_rows(const std::string& policy, const std::vector<nlohmann::json>& policies,
                                       const std::vector<nlohmann::json>& node_scheds);

// Tables as kubectl prints them: a line of titles, columns wide as their widest. Control characters are blanks.
std::string policy_table(const std::vector<PolicyRow>& rows);
std::string node_table(const std::vector<NodeRow>& rows);

nlohmann::json to_json(const std::vector<PolicyRow>& rows);
nlohmann::json to_json(const std::vector<NodeRow>& rows);

}  // namespace schedkit
