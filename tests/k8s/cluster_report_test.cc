#include "k8s/cluster_report.h"

#include "k8s/node_plan.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using Json = nlohmann::json;

namespace {

Json policy(const char* name, Json status) {
  return {{"metadata", {{"name", name}, {"generation", 2}}}, {"status", std::move(status)}};
}

Json node(const char* name, const char* policy, const char* phase, const char* message = "") {
  const Json state = {{"name", policy}, {"phase", phase}, {"message", message}};
  return {{"metadata", {{"name", name}}},
          {"status", {{"active", {{"scheduler", "lavd-1"}, {"ops", "lavd_1.0"}}}, {"policies", Json::array({state})}}}};
}

Json condition(const char* type, const char* status, const char* reason, const char* message = "") {
  return {{"type", type}, {"status", status}, {"reason", reason}, {"message", message}};
}

Json status(Json conditions, const char* phase, int generation = 2) {
  return {{"observedGeneration", generation},
          {"nodes", {{"selected", 3}, {"applied", 2}}},
          {"rollout", {{"phase", phase}}},
          {"conditions", std::move(conditions)}};
}

}  // namespace

TEST_GROUP(ClusterReport){};

TEST(ClusterReport, a_policy_is_what_its_status_says) {
  const auto well = status({condition("Ready", "True", "Applied", "in force on 2 of 3 nodes")}, "Complete");
  STRCMP_EQUAL(
      "POLICY   PHASE      NODES   MESSAGE\n"
      "a        Halted     2/3     1 nodes failed, among them n2\n"
      "bb       Complete   2/3\n",
      policy_table(
          policy_rows({policy("bb", well), policy("a", status({condition("Ready", "False", "RolloutHalted", "2 of 3"),
                                                               condition("Degraded", "True", "NodesFailed",
                                                                         "1 nodes failed, among them n2")},
                                                              "Halted"))},
                      {}))
          .c_str());
}

TEST(ClusterReport, what_keeps_a_policy_from_a_rollout) {
  const auto refused = policy(
      "a",
      {{"observedGeneration", 2},
       {"conditions",
        {condition("Accepted", "False", "Invalid", "spec.rules: wrong"), condition("Ready", "False", "NotAccepted")}}});
  const auto suspended = policy("b", {{"observedGeneration", 2},
                                      {"conditions",
                                       {condition("Accepted", "True", "Accepted"),
                                        condition("Ready", "False", "Suspended", "spec.suspend is true")}}});
  const auto rows = policy_rows({refused, suspended}, {});
  STRCMP_EQUAL("NotAccepted", rows[0].phase.c_str());
  STRCMP_EQUAL("spec.rules: wrong", rows[0].message.c_str());
  STRCMP_EQUAL("Suspended", rows[1].phase.c_str());
  STRCMP_EQUAL("spec.suspend is true", rows[1].message.c_str());
}

TEST(ClusterReport, a_status_of_an_earlier_generation_says_so) {
  const auto old = policy("a", status({condition("Ready", "True", "Applied")}, "Complete", 1));
  STRCMP_CONTAINS("earlier generation", policy_rows({old}, {})[0].message.c_str());
}

TEST(ClusterReport, without_a_coordinator_nodes_are_counted) {
  const auto rows = policy_rows({{{"metadata", {{"name", "a"}, {"generation", 1}}}}},
                                {node("n1", "a", "Applied"), node("n2", "a", "Pending"),
                                 node("n3", "default/old", "Applied"), node("n4", "default/old", "Failed")});
  CHECK_EQUAL(2, rows.size());
  STRCMP_EQUAL("Unknown 1/2", fmt::format("{} {}/{}", rows[0].phase, rows[0].applied, rows[0].desired).c_str());
  STRCMP_CONTAINS("does the coordinator run?", rows[0].message.c_str());
  STRCMP_EQUAL("default/old Failed 1/2",
               fmt::format("{} {} {}/{}", rows[1].name, rows[1].phase, rows[1].applied, rows[1].desired).c_str());
}

TEST(ClusterReport, the_nodes_of_a_policy) {
  auto idle = node("n1", "a", "RolledBack", "stalled;\nin quarantine");
  idle["status"]["active"] = {{"scheduler", "kernel"}};
  const auto rows =
      node_rows("a", {}, {node("n2", "a", "Applied"), idle, node("n3", "other", "Applied"), Json{{"status", 1}}});
  STRCMP_EQUAL(
      "NODE   SCHEDULER   OPS        PHASE        REASON\n"
      "n1     kernel      -          RolledBack   stalled; in quarantine\n"
      "n2     lavd-1      lavd_1.0   Applied\n",
      node_table(*rows).c_str());
  STRCMP_EQUAL(R"({"name":"n2","ops":"lavd_1.0","phase":"Applied","reason":"","scheduler":"lavd-1"})",
               to_json(*rows).at("nodes").at(1).dump().c_str());
}

TEST(ClusterReport, a_policy_that_is_not_there) {
  const auto rows = node_rows("b", {policy("a", {})}, {node("n1", "a", "Applied")});
  CHECK(rows.error().code == Errc::not_found);
  CHECK(node_rows("a", {policy("a", {})}, {})->empty());
}

TEST(ClusterReport, a_long_name_is_one_policy) {
  const std::string name(100, 'x');
  const auto reported = PlannedPolicy{.source = {.name = name}}.name();
  CHECK(reported != name);
  CHECK_EQUAL(1, policy_rows({policy(name.c_str(), {})}, {node("n1", reported.c_str(), "Applied")}).size());
  CHECK_EQUAL(1, node_rows(name, {}, {node("n1", reported.c_str(), "Applied")})->size());
}

TEST(ClusterReport, json_of_policies) {
  STRCMP_EQUAL(R"({"policies":[{"applied":1,"desired":1,"message":"","name":"x/y","phase":"Complete"}]})",
               to_json(policy_rows({}, {node("n1", "x/y", "Applied")})).dump().c_str());
}
