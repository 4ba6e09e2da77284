#include "k8s/node_status.h"

#include <algorithm>
#include <set>

#include "core/base/text.h"
#include "core/bus/time_text.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr std::size_t most_policies = 64;
constexpr std::size_t longest_scheduler = 128;
constexpr std::size_t longest_image = 512;
constexpr std::size_t longest_digest = 71;
constexpr std::size_t longest_rule = 128;
constexpr std::size_t longest_message = 1024;

std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  auto end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside of a UTF-8 sequence
  return std::string(text.substr(0, end));
}

struct Condition {
  const char* type;
  bool holds;
  const char* reason;
  std::string message;
};

class Writer {
 public:
  Writer(const NodeReport& report, const Json& previous, WallTime now)
      : report_(report), previous_(previous), now_(now) {}

  Json status() const {
    Json status = {{"agentVersion", report_.agent_version},
                   {"kernel", {{"release", cut(report_.kernel_release, 128)}}}};
    if (report_.daemon != nullptr) {
      status["kernel"]["schedExt"] = report_.daemon->kernel.supported;
      status["active"] = active(*report_.daemon);
    }
    status["policies"] = policies();
    status["conditions"] = Json::array();
    for (const auto& condition : {daemon_reachable(), applied(), degraded(), ready()}) {
      status["conditions"].push_back(dated(condition));
    }
    if (report_.daemon != nullptr) status["conditions"].push_back(dated(supported(*report_.daemon)));
    return status;
  }

 private:
  Json active(const Status& daemon) const {
    const bool attached = !daemon.kernel.ops.empty();
    const bool ours = attached && daemon.current && daemon.state != SystemState::foreign &&
                      daemon.state != SystemState::managed_mismatch && daemon.state != SystemState::managed_detached;
    if (!attached) return {{"scheduler", "kernel"}};
    const auto ops = cut(daemon.kernel.ops, longest_scheduler);
    if (!ours) return {{"scheduler", ops}, {"ops", ops}};
    const auto& run = *daemon.current;
    Json active = {{"scheduler", cut(run.name, longest_scheduler)},
                   {"ops", ops},
                   {"image", cut(run.image, longest_image)},
                   {"digest", cut(run.digest, longest_digest)},
                   {"since", format_time(run.started, false)}};
    if (daemon.wanted.choice.name() == run.name) add_rule(active, daemon.wanted.rule);
    return active;
  }

  // `rule`: FILE/RULE.
  void add_rule(Json& active, const std::string& rule) const {
    if (rule.empty()) return;
    const auto slash = rule.find('/');
    const auto policy = report_.plan.policies.find(rule.substr(0, slash));
    if (slash == std::string::npos || policy == report_.plan.policies.end()) {
      active["rule"] = cut(rule, longest_rule);
    } else {
      active["policy"] = policy->second.name();
      active["rule"] = cut(rule.substr(slash + 1), longest_rule);
    }
  }

  Json policies() const {
    std::vector<std::pair<const PlannedPolicy*, const PolicyState*>> listed;
    for (const auto& [file, policy] : report_.plan.policies) {
      const auto state = report_.states.find(file);
      if (state != report_.states.end()) listed.emplace_back(&policy, &state->second);
    }
    const auto rank = [](const auto& entry) {
      const auto phase = entry.second->phase;
      const bool bad = phase == PolicyPhase::failed || phase == PolicyPhase::rolled_back;
      return std::tuple(bad ? 0 : 1, -entry.first->priority, entry.first->name());
    };
    std::ranges::sort(listed, {}, rank);
    if (listed.size() > most_policies) listed.resize(most_policies);
    Json entries = Json::array();
    for (const auto& [policy, state] : listed) {
      Json entry = {{"name", policy->name()}, {"phase", to_string(state->phase)}};
      if (policy->source.generation > 0) entry["observedGeneration"] = policy->source.generation;
      if (!policy->revision.empty()) entry["revision"] = policy->revision;
      if (!state->message.empty()) entry["message"] = cut(state->message, longest_message);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  // The names of those in one of `phases`, a few of them, each with its message.
  std::string naming(const std::set<PolicyPhase>& phases) const {
    constexpr std::size_t most = 3;
    std::vector<std::string> lines;
    std::size_t count = 0;
    for (const auto& [file, state] : report_.states) {
      if (!phases.contains(state.phase)) continue;
      if (++count > most) continue;
      const auto name = report_.plan.policies.at(file).name();
      lines.push_back(state.message.empty() ? name : name + ": " + cut(state.message, 300));
    }
    if (count > most) lines.push_back(fmt::format("and {} more", count - most));
    return join(lines, "; ");
  }

  Condition daemon_reachable() const {
    if (report_.daemon != nullptr) return {"DaemonReachable", true, "Answers", ""};
    return {"DaemonReachable", false, "NotAnswering", "schedkitd does not answer on this node"};
  }

  Condition supported(const Status& daemon) const {
    if (daemon.kernel.supported) return {"SchedExtSupported", true, "Supported", ""};
    return {"SchedExtSupported", false, "NoSchedExt", "this kernel has no sched_ext"};
  }

  Condition applied() const {
    if (report_.daemon == nullptr) return {"Applied", false, "DaemonUnreachable", "nobody reads the policy files"};
    if (auto failed = naming({PolicyPhase::failed}); !failed.empty()) return {"Applied", false, "Failed", failed};
    if (auto pending = naming({PolicyPhase::pending}); !pending.empty()) return {"Applied", false, "Pending", pending};
    return {"Applied", true, "InForce", ""};
  }

  Condition degraded() const {
    if (auto back = naming({PolicyPhase::rolled_back}); !back.empty()) return {"Degraded", true, "RolledBack", back};
    if (auto failed = naming({PolicyPhase::failed}); !failed.empty()) return {"Degraded", true, "PolicyFailed", failed};
    if (!report_.troubles.empty()) return {"Degraded", true, "Trouble", join(report_.troubles, "; ")};
    return {"Degraded", false, "AsExpected", ""};
  }

  Condition ready() const {
    if (report_.daemon == nullptr) return {"Ready", false, "DaemonUnreachable", "schedkitd does not answer"};
    const auto& daemon = *report_.daemon;
    if (auto bad = naming({PolicyPhase::failed, PolicyPhase::rolled_back}); !bad.empty()) {
      return {"Ready", false, "PolicyFailed", bad};
    }
    if (auto pending = naming({PolicyPhase::pending}); !pending.empty()) return {"Ready", false, "Pending", pending};
    const bool wants_scheduler =
        std::ranges::any_of(report_.plan.policies, [](const auto& entry) { return !entry.second.schedulers.empty(); });
    if (!daemon.kernel.supported && wants_scheduler) {
      return {"Ready", false, "NoSchedExt", "this kernel has no sched_ext, and a policy wants a scheduler"};
    }
    if (!daemon.discrepancy.empty()) return {"Ready", false, "Discrepancy", daemon.discrepancy};
    return {"Ready", true, "AsWanted",
            daemon.kernel.ops.empty() ? "the kernel's own scheduler runs" : daemon.kernel.ops + " is attached"};
  }

  Json dated(const Condition& condition) const {
    const char* status = condition.holds ? "True" : "False";
    auto since = format_time(now_, false);
    if (previous_.is_object() && previous_.contains("conditions") && previous_.at("conditions").is_array()) {
      for (const auto& before : previous_.at("conditions")) {
        if (text_at(before, {"type"}) != condition.type || text_at(before, {"status"}) != status) continue;
        if (auto time = text_at(before, {"lastTransitionTime"}); !time.empty()) since = std::move(time);
      }
    }
    return {{"type", condition.type},
            {"status", status},
            {"reason", condition.reason},
            {"message", cut(condition.message, longest_message)},
            {"lastTransitionTime", since}};
  }

  const NodeReport& report_;
  const Json& previous_;
  WallTime now_;
};

std::map<std::string, Json> by(const Json& status, const char* list, const char* key) {
  std::map<std::string, Json> entries;
  if (!status.is_object() || !status.contains(list) || !status.at(list).is_array()) return entries;
  for (const auto& entry : status.at(list)) entries.emplace(text_at(entry, {key}), entry);
  return entries;
}

std::optional<NodeEvent> policy_event(const std::string& name, const Json& entry) {
  const auto phase = text_at(entry, {"phase"});
  const auto message = text_at(entry, {"message"});
  const auto text = message.empty() ? name : name + ": " + message;
  if (phase == "Failed") return NodeEvent{true, "PolicyFailed", text};
  if (phase == "RolledBack") return NodeEvent{true, "RolledBack", text};
  if (phase == "Overridden") return NodeEvent{false, "PolicyOverridden", text};
  if (phase == "Applied") return NodeEvent{false, "PolicyApplied", text};
  return std::nullopt;
}

}  // namespace

Json node_status(const NodeReport& report, const Json& previous, WallTime now) {
  return Writer(report, previous, now).status();
}

std::vector<NodeEvent> node_events(const Json& before, const Json& after) {
  std::vector<NodeEvent> events;
  if (!before.is_object() || before.empty()) return events;
  const auto from = text_at(before, {"active", "scheduler"});
  const auto to = text_at(after, {"active", "scheduler"});
  if (!from.empty() && !to.empty() && from != to) {
    const auto policy = text_at(after, {"active", "policy"});
    const auto why = policy.empty() ? "" : fmt::format(" ({}/{})", policy, text_at(after, {"active", "rule"}));
    events.push_back({false, "SchedulerSwitched", fmt::format("from {} to {}{}", from, to, why)});
  }
  const auto old_policies = by(before, "policies", "name");
  for (const auto& [name, entry] : by(after, "policies", "name")) {
    const auto old = old_policies.find(name);
    const bool same = old != old_policies.end() && text_at(old->second, {"phase"}) == text_at(entry, {"phase"}) &&
                      text_at(old->second, {"revision"}) == text_at(entry, {"revision"});
    if (same) continue;
    if (auto event = policy_event(name, entry)) events.push_back(std::move(*event));
  }
  const auto reachable = [](const Json& status) {
    const auto conditions = by(status, "conditions", "type");
    const auto found = conditions.find("DaemonReachable");
    return found == conditions.end() ? std::string() : text_at(found->second, {"status"});
  };
  if (reachable(before) == "True" && reachable(after) == "False") {
    events.push_back({true, "DaemonUnreachable", "schedkitd does not answer"});
  }
  if (reachable(before) == "False" && reachable(after) == "True") {
    events.push_back({false, "DaemonReachable", "schedkitd answers again"});
  }
  return events;
}

}  // namespace schedkit
