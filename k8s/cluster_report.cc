#include "k8s/cluster_report.h"

#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "k8s/members.h"
#include "k8s/node_plan.h"

namespace schedkit {

using Json = nlohmann::json;
using Objects = std::vector<Json>;

namespace {

const Json& condition(const Json& object, const char* type) {
  return entry_with(value_at(object, {"status", "conditions"}), "type", type);
}

bool is(const Json& condition, const char* status) { return text_at(condition, {"status"}) == status; }

std::string name_of(const Json& object) { return text_at(object, {"metadata", "name"}); }

// As NodeScheds name it.
std::string reported_name(const Json& policy) { return PlannedPolicy{.source = {.name = name_of(policy)}}.name(); }

std::size_t count_at(const Json& object, const char* name) {
  const auto& count = value_at(object, {"status", "nodes", name});
  return count.is_number_integer() ? static_cast<std::size_t>(std::max<std::int64_t>(0, count.get<std::int64_t>())) : 0;
}

// What nodes say of one policy.
struct Tally {
  std::size_t all = 0;
  std::size_t applied = 0;
  std::size_t failed = 0;
};

std::map<std::string, Tally> tally(const Objects& node_scheds) {
  std::map<std::string, Tally> tallies;
  for (const auto& node : node_scheds) {
    const auto& policies = value_at(node, {"status", "policies"});
    if (!policies.is_array()) continue;
    for (const auto& policy : policies) {
      const auto phase = text_at(policy, {"phase"});
      auto& counts = tallies[text_at(policy, {"name"})];
      ++counts.all;
      counts.applied += phase == "Applied" ? 1 : 0;
      counts.failed += phase == "Failed" || phase == "RolledBack" ? 1 : 0;
    }
  }
  return tallies;
}

std::string phase_of(const Json& policy) {
  if (is(condition(policy, "Accepted"), "False")) return "NotAccepted";
  auto phase = text_at(policy, {"status", "rollout", "phase"});
  const auto& ready = condition(policy, "Ready");
  if (phase.empty() || text_at(ready, {"reason"}) == "Suspended") phase = text_at(ready, {"reason"});
  return phase.empty() ? "Unknown" : phase;
}

std::string message_of(const Json& policy) {
  const auto& generation = value_at(policy, {"metadata", "generation"});
  if (value_at(policy, {"status", "observedGeneration"}) != generation) {
    return "the status is of an earlier generation: does the coordinator run?";
  }
  if (const auto& accepted = condition(policy, "Accepted"); is(accepted, "False"))
    return text_at(accepted, {"message"});
  if (const auto& degraded = condition(policy, "Degraded"); is(degraded, "True")) return text_at(degraded, {"message"});
  if (const auto& ready = condition(policy, "Ready"); is(ready, "False")) return text_at(ready, {"message"});
  return "";
}

PolicyRow row_of(const Json& policy, const Tally& reported) {
  if (!value_at(policy, {"status", "conditions"}).is_array()) {
    return {name_of(policy), "Unknown", reported.applied, reported.all, "no status: does the coordinator run?"};
  }
  return {name_of(policy), phase_of(policy), count_at(policy, "applied"), count_at(policy, "selected"),
          message_of(policy)};
}

PolicyRow row_of(const std::string& name, const Tally& reported) {
  const char* phase = reported.failed > 0 ? "Failed" : reported.applied == reported.all ? "Complete" : "Progressing";
  return {name, phase, reported.applied, reported.all,
          reported.failed > 0 ? fmt::format("failed on {} nodes", reported.failed) : ""};
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string table(std::vector<std::vector<std::string>> lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      line[i] = one_line(line[i].empty() && i + 1 < line.size() ? "-" : std::move(line[i]));
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string text;
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) row += fmt::format("{:<{}}   ", line[i], widths[i]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

std::vector<PolicyRow> policy_rows(const Objects& policies, const Objects& node_scheds) {
  auto reported = tally(node_scheds);
  std::vector<PolicyRow> rows;
  for (const auto& policy : policies) {
    rows.push_back(row_of(policy, reported[reported_name(policy)]));
    reported.erase(reported_name(policy));
  }
  for (const auto& [name, counts] : reported) rows.push_back(row_of(name, counts));
  std::ranges::sort(rows, {}, &PolicyRow::name);
  return rows;
}

Result<std::vector<NodeRow>> node_rows(const std::string& policy, const Objects& policies, const Objects& node_scheds) {
  const auto name = PlannedPolicy{.source = {.name = policy}}.name();
  std::vector<NodeRow> rows;
  for (const auto& node : node_scheds) {
    const auto& state = entry_with(value_at(node, {"status", "policies"}), "name", name);
    if (state.is_null()) continue;
    rows.push_back({name_of(node), text_at(node, {"status", "active", "scheduler"}),
                    text_at(node, {"status", "active", "ops"}), text_at(state, {"phase"}),
                    text_at(state, {"message"})});
  }
  const bool known = std::ranges::any_of(policies, [&](const auto& one) { return name_of(one) == policy; });
  if (rows.empty() && !known) return fail(Errc::not_found, "no policy {}: see sked status", quote(policy));
  std::ranges::sort(rows, {}, &NodeRow::name);
  return rows;
}

std::string policy_table(const std::vector<PolicyRow>& rows) {
  std::vector<std::vector<std::string>> lines{{"POLICY", "PHASE", "NODES", "MESSAGE"}};
  for (const auto& row : rows) {
    lines.push_back({row.name, row.phase, fmt::format("{}/{}", row.applied, row.desired), row.message});
  }
  return table(std::move(lines));
}

std::string node_table(const std::vector<NodeRow>& rows) {
  std::vector<std::vector<std::string>> lines{{"NODE", "SCHEDULER", "OPS", "PHASE", "REASON"}};
  for (const auto& row : rows) lines.push_back({row.name, row.scheduler, row.ops, row.phase, row.reason});
  return table(std::move(lines));
}

Json to_json(const std::vector<PolicyRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) {
    list.push_back({{"name", row.name},
                    {"phase", row.phase},
                    {"applied", row.applied},
                    {"desired", row.desired},
                    {"message", row.message}});
  }
  return {{"policies", list}};
}

Json to_json(const std::vector<NodeRow>& rows) {
  Json list = Json::array();
  for (const auto& row : rows) {
    list.push_back({{"name", row.name},
                    {"scheduler", row.scheduler},
                    {"ops", row.ops},
                    {"phase", row.phase},
                    {"reason", row.reason}});
  }
  return {{"nodes", list}};
}

}  // namespace schedkit
