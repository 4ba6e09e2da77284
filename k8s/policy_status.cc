#include "k8s/policy_status.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/bus/time_text.h"
#include "k8s/members.h"
#include "k8s/node_plan.h"
#include "k8s/policy.h"
#include "k8s/render.h"
#include "k8s/rollout.h"

namespace schedkit {

using Json = nlohmann::json;
using Report = RolloutNode::Report;

namespace {

constexpr std::size_t most_failed_nodes = 10;
constexpr std::size_t longest_message = 1024;

struct Condition {
  const char* type;
  bool holds;
  std::string reason;
  std::string message = {};
};

bool is_ready(const Json& node) {
  return text_at(entry_with(value_at(node, {"status", "conditions"}), "type", "Ready"), {"status"}) == "True";
}

Report report_of(const Json& node_sched, const std::string& policy, std::int64_t generation) {
  const auto& entry = entry_with(value_at(node_sched, {"status", "policies"}), "name", policy);
  if (value_at(entry, {"observedGeneration"}) != generation) return Report::none;
  const auto phase = text_at(entry, {"phase"});
  if (phase == "Applied") return Report::applied;
  if (phase == "Overridden") return Report::overridden;
  return phase == "Failed" || phase == "RolledBack" ? Report::failed : Report::none;
}

class StatusOf {
 public:
  StatusOf(const Json& policy, WallTime now) : policy_(policy), now_(now) {}

  PolicyStatus make(const ObjectMap& nodes, const ObjectMap& node_scheds) {
    auto read = read_policy(policy_);
    auto rollout = read_rollout(policy_);
    if (read) {
      if (auto rendered = render(*read, {}); !rendered) read = fail(std::move(rendered.error()));
    }
    status_["observedGeneration"] = policy_.at("metadata").value("generation", Json(0));
    if (!read || !rollout) {
      const auto& error = read ? rollout.error() : read.error();
      const std::string reason = error.code == Errc::limit ? "LimitExceeded" : "Invalid";
      add({"Accepted", false, reason, error.text});
      add({"Ready", false, "NotAccepted"});
      return {status_};
    }
    add({"Accepted", true, "Accepted"});
    if (read->suspend) {
      add({"Ready", false, "Suspended", "spec.suspend is true"});
      return {status_};
    }
    collect(*read, nodes, node_scheds);
    const auto step =
        next_rollout(*rollout, rollout_revision(policy_), read->source.uid, nodes_, read_rollout_state(policy_), now_);
    count(*rollout, step.state, read->source.uid);
    status_["rollout"] = to_json(step.state);
    add(ready(step.state));
    add({"Degraded", failed_ > 0, failed_ > 0 ? "NodesFailed" : "AsExpected",
         failed_ > 0 ? fmt::format("{} nodes failed, among them {}", failed_, join(failed_names_, ", ")) : ""});
    return {status_, step.look_again};
  }

 private:
  void collect(const SchedPolicy& policy, const ObjectMap& nodes, const ObjectMap& node_scheds) {
    const auto name = PlannedPolicy{.source = policy.source}.name();
    for (const auto& [key, node] : nodes) {
      const auto labels = read_labels(node.at("metadata"), "labels", key);
      if (!labels || !policy.nodes.selects(*labels)) continue;
      const auto reported = node_scheds.find(key);
      const bool has_agent = reported != node_scheds.end() && reported->second.contains("status");
      const bool ready = is_ready(node);
      if (ready && !has_agent) missing_.push_back(key);
      nodes_.push_back(
          {.name = key,
           .labels = *labels,
           .ready = ready,
           .report = has_agent ? report_of(reported->second, name, policy.source.generation) : Report::none});
    }
  }

  void count(const RolloutSpec& spec, const RolloutState& state, const std::string& uid) {
    std::size_t updated = 0;
    for (const auto& node : nodes_) {
      updated += is_updated(state, spec, uid, node) ? 1 : 0;
      applied_ += node.ready && node.report == Report::applied ? 1 : 0;
      overridden_ += node.ready && node.report == Report::overridden ? 1 : 0;
      if (node.report != Report::failed) continue;
      ++failed_;
      if (failed_names_.size() < most_failed_nodes) failed_names_.push_back(node.name);
    }
    status_["nodes"] = {{"selected", nodes_.size()}, {"updated", updated}, {"applied", applied_},
                        {"overridden", overridden_}, {"failed", failed_},  {"missing", missing_.size()}};
    if (!failed_names_.empty()) status_["failedNodes"] = failed_names_;
  }

  Condition ready(const RolloutState& state) const {
    if (nodes_.empty()) return {"Ready", false, "NoNodesSelected", "no node has the labels of nodeSelector"};
    auto of_all = fmt::format("in force on {} of {} nodes", applied_, nodes_.size());
    if (overridden_ > 0) of_all += fmt::format(", masked on {}", overridden_);
    if (state.phase == RolloutPhase::halted) return {"Ready", false, "RolloutHalted", of_all};
    if (state.phase == RolloutPhase::rolled_back) return {"Ready", false, "RolledBack", of_all};
    if (state.phase == RolloutPhase::paused) return {"Ready", false, "RolloutPaused", of_all};
    if (applied_ + overridden_ == nodes_.size()) return {"Ready", true, "Applied", of_all};
    if (failed_ > 0) return {"Ready", false, "NodesFailed", of_all};
    if (!missing_.empty()) {
      const auto first =
          std::vector(missing_.begin(), missing_.begin() + std::min<std::ptrdiff_t>(3, std::ssize(missing_)));
      return {
          "Ready", false, "AgentMissing",
          fmt::format("{}; {} ready ones have no agent, among them {}", of_all, missing_.size(), join(first, ", "))};
    }
    return {"Ready", false, "Progressing", of_all};
  }

  void add(const Condition& condition) {
    const char* word = condition.holds ? "True" : "False";
    auto since = format_time(now_, false);
    const auto& before = entry_with(value_at(policy_, {"status", "conditions"}), "type", condition.type);
    if (text_at(before, {"status"}) == word) {
      if (auto time = text_at(before, {"lastTransitionTime"}); !time.empty()) since = std::move(time);
    }
    status_["conditions"].push_back({{"type", condition.type},
                                     {"status", word},
                                     {"reason", condition.reason},
                                     {"message", condition.message.substr(0, longest_message)},
                                     {"lastTransitionTime", since}});
  }

  const Json& policy_;
  WallTime now_;
  Json status_ = {{"conditions", Json::array()}};
  std::vector<RolloutNode> nodes_;
  std::vector<std::string> missing_;  // ready nodes without an agent
  std::size_t applied_ = 0;
  std::size_t overridden_ = 0;
  std::size_t failed_ = 0;
  std::vector<std::string> failed_names_;
};

}  // namespace

PolicyStatus policy_status(const Json& policy, const ObjectMap& nodes, const ObjectMap& node_scheds, WallTime now) {
  return StatusOf(policy, now).make(nodes, node_scheds);
}

}  // namespace schedkit
