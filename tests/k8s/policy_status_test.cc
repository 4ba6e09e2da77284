#include "k8s/policy_status.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

Json condition(const Json& status, const char* type) {
  for (const auto& one : status.at("conditions")) {
    if (one.at("type") == type) return one;
  }
  return {};
}

}  // namespace

TEST_GROUP(PolicyStatus) {
  Json policy = object_of(sched_policy("  default: {builtin: kernel}\n  nodeSelector: {matchLabels: {pool: a}}\n"));
  ObjectMap nodes;
  ObjectMap reports;
  WallTime now{std::chrono::hours(24 * 365 * 50)};

  void node(const std::string& name, bool ready = true, const char* pool = "a") {
    nodes[name] = {{"metadata", {{"name", name}, {"labels", {{"pool", pool}}}}},
                   {"status", {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "Unknown"}}}}}}};
  }
  void says(const std::string& name, const char* phase, int generation = 3) {
    reports[name] = {
        {"status", {{"policies", {{{"name", "games"}, {"phase", phase}, {"observedGeneration", generation}}}}}}};
  }
  Json status() { return policy_status(policy, nodes, reports, now).status; }
  void expect(const char* word, const char* reason) {
    const auto ready = condition(status(), "Ready");
    STRCMP_EQUAL(word, ready.at("status").get<std::string>().c_str());
    STRCMP_EQUAL(reason, ready.at("reason").get<std::string>().c_str());
  }
};

TEST(PolicyStatus, applied_on_all) {
  node("n1");
  node("n2");
  node("n3", true, "b");
  says("n1", "Applied");
  says("n2", "Overridden");
  expect("True", "Applied");
  const auto counts = status().at("nodes");
  LONGS_EQUAL(2, counts.at("selected").get<int>());
  LONGS_EQUAL(1, counts.at("applied").get<int>());
  LONGS_EQUAL(1, counts.at("overridden").get<int>());
  LONGS_EQUAL(3, status().at("observedGeneration").get<int>());
  STRCMP_EQUAL("Complete", status().at("rollout").at("phase").get<std::string>().c_str());
}

TEST(PolicyStatus, what_a_node_said_of_an_older_generation_is_nothing) {
  node("n1");
  says("n1", "Applied", 2);
  expect("False", "Progressing");
  LONGS_EQUAL(0, status().at("nodes").at("applied").get<int>());
}

TEST(PolicyStatus, a_node_that_is_not_ready_is_not_applied) {
  node("n1", false);
  says("n1", "Applied");
  expect("False", "Progressing");
  STRCMP_EQUAL("Progressing", status().at("rollout").at("phase").get<std::string>().c_str());
}

TEST(PolicyStatus, ready_nodes_without_an_agent) {
  node("n1");
  node("n2", false);
  expect("False", "AgentMissing");
  LONGS_EQUAL(1, status().at("nodes").at("missing").get<int>());
  STRCMP_CONTAINS("among them n1", condition(status(), "Ready").at("message").get<std::string>().c_str());
}

TEST(PolicyStatus, no_node) { expect("False", "NoNodesSelected"); }

TEST(PolicyStatus, at_most_ten_failed_nodes_are_named) {
  for (int i = 10; i < 40; ++i) {
    node(fmt::format("n{}", i));
    says(fmt::format("n{}", i), i % 2 == 0 ? "Failed" : "RolledBack");
  }
  expect("False", "NodesFailed");
  LONGS_EQUAL(30, status().at("nodes").at("failed").get<int>());
  LONGS_EQUAL(10, status().at("failedNodes").size());
  STRCMP_EQUAL("True", condition(status(), "Degraded").at("status").get<std::string>().c_str());
}

TEST(PolicyStatus, suspended_and_invalid) {
  node("n1");
  policy["spec"]["suspend"] = true;
  expect("False", "Suspended");
  policy["spec"]["suspend"] = false;
  policy["spec"]["default"] = {{"builtin", "eevdf"}};
  expect("False", "NotAccepted");
  STRCMP_EQUAL("Invalid", condition(status(), "Accepted").at("reason").get<std::string>().c_str());
}

TEST(PolicyStatus, equal_circumstances_give_equal_bytes) {
  node("n1");
  says("n1", "Applied");
  policy["status"] = status();
  const auto before = policy["status"].dump();
  now += 1h;
  STRCMP_EQUAL(before.c_str(), status().dump().c_str());
  says("n1", "Failed");
  CHECK(before != status().dump());
}

TEST(PolicyStatus, a_staged_one_says_when_to_look_again) {
  policy["spec"]["rollout"] = {{"type", "Staged"}, {"staged", {{"steps", {1, 100}}, {"soak", "2m"}}}};
  for (int i = 0; i < 300; ++i) {
    node(fmt::format("n{}", i));
    says(fmt::format("n{}", i), "Applied");
  }
  const auto soaking = policy_status(policy, nodes, reports, now);
  STRCMP_EQUAL("Soaking", soaking.status.at("rollout").at("phase").get<std::string>().c_str());
  CHECK(soaking.look_again == now + 2min);
  policy["status"] = soaking.status;
  now += 2min;
  LONGS_EQUAL(100, status().at("rollout").at("percent").get<int>());
}
