#include "k8s/node_plan.h"

#include "k8s/rollout.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using Verdict = PlannedPolicy::Verdict;

namespace {

ObjectMap objects_of(std::string_view yaml) {
  ObjectMap objects;
  const auto manifests = read_manifests(yaml, "test.yaml");
  for (const auto& manifest : *manifests) objects.emplace(object_key(manifest.object), manifest.object);
  return objects;
}

std::string policy(const char* name, const char* spec) {
  return fmt::format(
      "---\napiVersion: sked.schedkit.io/v1alpha1\nkind: SchedPolicy\nmetadata: {{name: {}, uid: u, generation: 2}}\n"
      "spec: {}\n",
      name, spec);
}

}  // namespace

TEST_GROUP(NodePlan) {
  NodePlan plan;
  NodeFacts facts{.name = "n1", .labels = {{"pool", "build"}}};

  const PlannedPolicy& only(const std::string& yaml) {
    plan = {};
    add_to_plan(plan, objects_of(yaml), facts);
    CHECK_EQUAL(1, plan.policies.size());
    return plan.policies.begin()->second;
  }
  void teardown() override { plan = {}; }
};

TEST(NodePlan, what_selects_the_node_is_rendered) {
  add_to_plan(plan,
              objects_of(policy("a", "{default: {image: 'r.example/scx_a:1'}}") +
                         policy("b", "{nodeSelector: {matchLabels: {pool: game}}, default: {builtin: kernel}}")),
              facts);
  CHECK_EQUAL(1, plan.policies.size());
  const auto& a = plan.policies.at("k8s-a.toml");
  CHECK(a.verdict == Verdict::rendered);
  CHECK_EQUAL(64, a.sha256.size());
  CHECK_EQUAL(16, a.revision.size());
  CHECK_EQUAL(1, a.schedulers.size());
  STRCMP_CONTAINS("scx_a-", a.schedulers[0].c_str());
  CHECK(plan.not_selected.contains("k8s-b.toml"));
}

TEST(NodePlan, suspended_refused_and_staged_ones_have_no_text) {
  CHECK(only(policy("a", "{suspend: true, default: {builtin: kernel}}")).verdict == Verdict::suspended);
  const auto& refused = only(policy("a", "{default: {builtin: eevdf}}"));
  CHECK(refused.verdict == Verdict::refused);
  STRCMP_EQUAL("SchedPolicy a: spec.default: builtin must be kernel", refused.why.c_str());
  const auto& unread = only(policy("a", "{prio: 1}"));
  CHECK(unread.verdict == Verdict::refused);
  STRCMP_EQUAL("k8s-a.toml", plan.policies.begin()->first.c_str());
  CHECK_EQUAL(2, unread.source.generation);
}

TEST(NodePlan, a_staged_policy_waits_until_its_rollout_comes) {
  auto object =
      object_of(policy("a", "{default: {builtin: kernel}, rollout: {type: Staged, staged: {steps: [100]}}}").substr(4));
  const auto verdict = [&] {
    plan = {};
    add_to_plan(plan, {{"a", object}}, facts);
    return plan.policies.at("k8s-a.toml").verdict;
  };
  CHECK(verdict() == Verdict::staged);
  object["status"]["rollout"] =
      to_json(RolloutState{.revision = rollout_revision(object), .phase = RolloutPhase::progressing, .percent = 100});
  CHECK(verdict() == Verdict::rendered);
  object["spec"]["priority"] = 3;  // another revision than the one that was let in
  CHECK(verdict() == Verdict::staged);
}

TEST(NodePlan, a_policy_that_asks_for_pods_waits_for_them) {
  const auto asks = policy("a", "{rules: [{name: r, use: {builtin: kernel}, when: [{pod: {namespace: x}}]}]}");
  facts.no_pods = "may not";
  const auto& waiting = only(asks);
  CHECK(waiting.verdict == Verdict::waiting);
  STRCMP_EQUAL("may not", waiting.why.c_str());
  facts.pods.emplace();
  CHECK(only(asks).verdict == Verdict::rendered);
  facts.pods->push_back({"x", "p", "ab-1", {}});
  STRCMP_CONTAINS("podab-1", only(asks).text.c_str());
}

TEST(NodePlan, who_asks_for_pods) {
  const auto asks = [](const char* rule) {
    return asks_for_pods(object_of(fmt::format("{{spec: {{rules: [{{{}}}]}}}}", rule)));
  };
  CHECK(asks("when: [{process: {comm: [a]}}, {pod: {}}]"));
  CHECK(asks("unless: [{pod: {}}]"));
  CHECK(asks("when: [{power: {}, and: [{pod: {}}]}]"));
  CHECK_FALSE(asks("name: pod, when: [{process: {comm: [pod]}}]"));
  CHECK_FALSE(asks("when: 3"));
  CHECK_FALSE(asks_for_pods(nlohmann::json(3)));
}

TEST(NodePlan, trimming_leaves_what_a_plan_looks_at) {
  auto object = object_of(policy("a", "{default: {builtin: kernel}}") +
                          "status: {observedGeneration: 1, rollout: {percent: 10}}\n");
  object["metadata"]["annotations"] = {{"big", "x"}};
  object["metadata"]["resourceVersion"] = "7";
  trim_policy(object);
  STRCMP_EQUAL(R"({"apiVersion":"sked.schedkit.io/v1alpha1","kind":"SchedPolicy",)"
               R"("metadata":{"generation":2,"name":"a","uid":"u"},"spec":{"default":{"builtin":"kernel"}},)"
               R"("status":{"rollout":{"percent":10}}})",
               object.dump().c_str());
}

TEST(NodePlan, names_in_the_status) {
  PlannedPolicy planned{.source = {.kind = ObjectKind::sched_ext, .name_space = "default", .name = "sample"}};
  STRCMP_EQUAL("default/sample", planned.name().c_str());
  planned.source.name = std::string(100, 'a');
  auto other = planned;
  other.source.name.back() = 'b';
  CHECK_EQUAL(63, planned.name().size());
  CHECK(planned.name() != other.name());
}
