#include "k8s/node_plan.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/image/hasher.h"
#include "k8s/members.h"
#include "k8s/render.h"
#include "k8s/rollout.h"

namespace schedkit {

using Json = nlohmann::json;
using Verdict = PlannedPolicy::Verdict;

namespace {

constexpr std::size_t longest_name = 63;
constexpr std::size_t hash_digits = 16;

bool set_asks_for_pods(const Json& set) {
  if (!set.is_object()) return false;
  const auto& further = value_at(set, {"and"});
  return set.contains("pod") || (further.is_array() && std::ranges::any_of(further, set_asks_for_pods));
}

// Of an object that may be wrong in any way.
PolicySource source_of(const Json& object) {
  PolicySource source;
  source.kind = text_at(object, {"kind"}) == "SchedExt" ? ObjectKind::sched_ext : ObjectKind::sched_policy;
  source.name_space = text_at(object, {"metadata", "namespace"});
  source.name = text_at(object, {"metadata", "name"});
  source.uid = text_at(object, {"metadata", "uid"});
  const auto& generation = value_at(object, {"metadata", "generation"});
  if (generation.is_number_integer()) source.generation = generation;
  return source;
}

std::vector<std::string> schedulers_in(std::string_view text) {
  constexpr std::string_view mark = "\n[schedulers.\"";
  std::vector<std::string> names;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
    at += mark.size();
    names.emplace_back(text.substr(at, text.find('"', at) - at));
  }
  return names;
}

PlannedPolicy refused(PolicySource source, Verdict verdict, std::string why) {
  return {.source = std::move(source), .verdict = verdict, .why = std::move(why)};
}

PlannedPolicy judge(const Json& object, const SchedPolicy& policy, const NodeFacts& facts) {
  PlannedPolicy planned{.source = policy.source, .priority = policy.priority};
  if (policy.suspend) {
    planned.verdict = Verdict::suspended;
    return planned;
  }
  if (!rollout_admits(object, facts.name, facts.labels)) {
    planned.verdict = Verdict::staged;
    planned.why = "the rollout has not come to this node";
    return planned;
  }
  if (!facts.pods && asks_for_pods(object)) {
    planned.verdict = Verdict::waiting;
    planned.why = facts.no_pods.empty() ? "waiting for the node's pods" : facts.no_pods;
    return planned;
  }
  auto rendered = render(policy, facts.pods ? *facts.pods : std::vector<Pod>());
  const auto digest = rendered ? digest_of(rendered->text) : Result<Digest>(fail(rendered.error()));
  if (!digest) {
    planned.why = digest.error().text;
    return planned;
  }
  planned.verdict = Verdict::rendered;
  planned.revision = std::move(rendered->revision);
  planned.text = std::move(rendered->text);
  planned.sha256 = digest->hex;
  planned.schedulers = schedulers_in(planned.text);
  return planned;
}

}  // namespace

std::string PlannedPolicy::name() const {
  const auto whole = source.name_space.empty() ? source.name : source.name_space + "/" + source.name;
  if (whole.size() <= longest_name) return whole;
  const auto digest = digest_of(whole);
  const auto tail = "~" + (digest ? digest->hex.substr(0, hash_digits) : std::string());
  return whole.substr(0, longest_name - tail.size()) + tail;
}

bool asks_for_pods(const Json& policy) {
  const auto& rules = value_at(policy, {"spec", "rules"});
  if (!rules.is_array()) return false;
  return std::ranges::any_of(rules, [](const Json& rule) {
    return std::ranges::any_of(std::initializer_list<const char*>{"when", "unless"}, [&rule](const char* field) {
      const auto& sets = value_at(rule, {field});
      return sets.is_array() && std::ranges::any_of(sets, set_asks_for_pods);
    });
  });
}

void add_to_plan(NodePlan& plan, const ObjectMap& objects, const NodeFacts& facts) {
  for (const auto& [key, object] : objects) {
    auto policy = read_policy(object);
    if (!policy) {
      auto source = source_of(object);
      auto file = source.file_name();
      plan.policies.insert_or_assign(std::move(file),
                                     refused(std::move(source), Verdict::refused, policy.error().text));
      continue;
    }
    auto file = policy->source.file_name();
    if (!policy->nodes.selects(facts.labels)) {
      plan.not_selected.insert(std::move(file));
    } else {
      plan.policies.insert_or_assign(std::move(file), judge(object, *policy, facts));
    }
  }
}

void trim_policy(Json& object) {
  Json kept = Json::object();
  keep_members(kept, object, {"apiVersion", "kind", "spec"});
  keep_members(kept["metadata"], value_at(object, {"metadata"}), {"name", "namespace", "uid", "generation"});
  if (const auto& rollout = value_at(object, {"status", "rollout"}); !rollout.is_null()) {
    kept["status"]["rollout"] = rollout;
  }
  object = std::move(kept);
}

}  // namespace schedkit
