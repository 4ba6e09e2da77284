#include "k8s/node_status.h"
#include "k8s/members.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace std::chrono_literals;
using Json = nlohmann::json;
using Verdict = PlannedPolicy::Verdict;

TEST_GROUP(NodeStatus) {
  NodePlan plan;
  std::map<std::string, PolicyState> states;
  Status daemon;
  WallTime now{1h};
  Json previous;

  void setup() override {
    plan.policies["k8s-a.toml"] = {.source = {.name = "a", .generation = 4},
                                   .priority = 100,
                                   .verdict = Verdict::rendered,
                                   .revision = "0123456789abcdef",
                                   .schedulers = {"lavd-1"}};
    states["k8s-a.toml"] = {PolicyPhase::applied, ""};
    daemon.kernel = {.supported = true, .state = "enabled", .ops = "lavd_1.0"};
    daemon.state = SystemState::running;
    daemon.current = RunStatus{.name = "lavd-1", .image = "r.example/lavd:1", .digest = "sha256:aa", .started = now};
    daemon.wanted.choice.scheduler = Scheduler{.name = "lavd-1"};
    daemon.wanted.rule = "k8s-a.toml/compile";
  }
  void teardown() override {
    plan = {};
    states.clear();
    daemon = {};
    previous = {};
  }
  Json status(bool away = false) {
    return node_status({.agent_version = "1",
                        .kernel_release = "7.2",
                        .daemon = away ? nullptr : &daemon,
                        .plan = plan,
                        .states = states},
                       previous, now);
  }
  static Json condition(const Json& status, const char* type) {
    for (const auto& one : status.at("conditions")) {
      if (one.at("type") == type) return one;
    }
    return {};
  }
  void check(const char* type, const char* value, const char* reason) {
    const auto one = condition(status(), type);
    STRCMP_EQUAL(value, text_at(one, {"status"}).c_str());
    STRCMP_EQUAL(reason, text_at(one, {"reason"}).c_str());
  }
};

TEST(NodeStatus, tells_what_is_attached_and_why) {
  const auto told = status();
  STRCMP_EQUAL(
      R"({"digest":"sha256:aa","image":"r.example/lavd:1","ops":"lavd_1.0","policy":"a","rule":"compile","scheduler":"lavd-1","since":"1970-01-01T01:00:00Z"})",
      told.at("active").dump().c_str());
  STRCMP_EQUAL(R"({"release":"7.2","schedExt":true})", told.at("kernel").dump().c_str());
  STRCMP_EQUAL(R"([{"name":"a","observedGeneration":4,"phase":"Applied","revision":"0123456789abcdef"}])",
               told.at("policies").dump().c_str());
  STRCMP_EQUAL("lavd_1.0 is attached", text_at(condition(told, "Ready"), {"message"}).c_str());
  check("Ready", "True", "AsWanted");
  check("Applied", "True", "InForce");
  check("Degraded", "False", "AsExpected");
  check("DaemonReachable", "True", "Answers");
  check("SchedExtSupported", "True", "Supported");
}

TEST(NodeStatus, what_is_not_ours_has_no_image) {
  daemon.state = SystemState::foreign;
  daemon.current.reset();
  STRCMP_EQUAL(R"({"ops":"lavd_1.0","scheduler":"lavd_1.0"})", status().at("active").dump().c_str());
  daemon.kernel.ops = "";
  STRCMP_EQUAL(R"({"scheduler":"kernel"})", status().at("active").dump().c_str());
}

TEST(NodeStatus, a_rule_of_the_node_itself_has_no_policy) {
  daemon.wanted.rule = "local.toml/x";
  const auto active = status().at("active");
  STRCMP_EQUAL("local.toml/x", text_at(active, {"rule"}).c_str());
  CHECK_FALSE(active.contains("policy"));
  daemon.wanted.choice.scheduler->name = "other";  // what runs is not what is wanted
  CHECK_FALSE(status().at("active").contains("rule"));
}

TEST(NodeStatus, without_the_daemon_nothing_is_made_up) {
  const auto told = status(true);
  CHECK_FALSE(told.contains("active"));
  CHECK_FALSE(told.at("kernel").contains("schedExt"));
  STRCMP_EQUAL("False", text_at(condition(told, "DaemonReachable"), {"status"}).c_str());
  STRCMP_EQUAL("DaemonUnreachable", text_at(condition(told, "Ready"), {"reason"}).c_str());
  CHECK(condition(told, "SchedExtSupported").is_null());
}

TEST(NodeStatus, reasons) {
  daemon.discrepancy = "wanted x, attached y";
  check("Ready", "False", "Discrepancy");
  daemon.kernel.supported = false;
  check("Ready", "False", "NoSchedExt");
  check("SchedExtSupported", "False", "NoSchedExt");
  states["k8s-a.toml"] = {PolicyPhase::pending, "wait"};
  check("Ready", "False", "Pending");
  check("Applied", "False", "Pending");
  check("Degraded", "False", "AsExpected");
  states["k8s-a.toml"] = {PolicyPhase::failed, "wrong"};
  check("Ready", "False", "PolicyFailed");
  check("Applied", "False", "Failed");
  check("Degraded", "True", "PolicyFailed");
  STRCMP_EQUAL("a: wrong", text_at(condition(status(), "Degraded"), {"message"}).c_str());
  states["k8s-a.toml"] = {PolicyPhase::rolled_back, "stall"};
  check("Degraded", "True", "RolledBack");
}

TEST(NodeStatus, a_condition_keeps_its_time_until_it_turns) {
  previous = status();
  now += 1h;
  CHECK(status() == previous);
  daemon.discrepancy = "x";
  const auto next = status();
  STRCMP_EQUAL("1970-01-01T02:00:00Z", text_at(condition(next, "Ready"), {"lastTransitionTime"}).c_str());
  STRCMP_EQUAL("1970-01-01T01:00:00Z", text_at(condition(next, "Applied"), {"lastTransitionTime"}).c_str());
}

TEST(NodeStatus, the_list_is_bounded_and_problems_are_in_it) {
  for (int i = 0; i < 100; ++i) {
    const auto file = fmt::format("k8s-p{}.toml", i);
    plan.policies[file] = {.source = {.name = fmt::format("p{}", i)}, .priority = i};
    states[file] = {i == 0 ? PolicyPhase::failed : PolicyPhase::applied, std::string(2000, 'x') + "ä"};
  }
  const auto policies = status().at("policies");
  CHECK_EQUAL(64, policies.size());
  STRCMP_EQUAL("p0", text_at(policies[0], {"name"}).c_str());
  CHECK_EQUAL(1024, text_at(policies[0], {"message"}).size());
}

TEST(NodeStatus, transitions_are_events) {
  const auto before = status();
  CHECK(node_events(Json(), before).empty());
  CHECK(node_events(before, before).empty());
  daemon.current->name = daemon.wanted.choice.scheduler->name = "rusty-2";
  states["k8s-a.toml"] = {PolicyPhase::failed, "wrong"};
  const auto events = node_events(before, status());
  CHECK_EQUAL(2, events.size());
  STRCMP_EQUAL("SchedulerSwitched", events[0].reason.c_str());
  STRCMP_EQUAL("from lavd-1 to rusty-2 (a/compile)", events[0].message.c_str());
  STRCMP_EQUAL("PolicyFailed", events[1].reason.c_str());
  CHECK(events[1].warning);
  const auto away = node_events(before, status(true));
  STRCMP_EQUAL("DaemonUnreachable", away.back().reason.c_str());
  STRCMP_EQUAL("DaemonReachable", node_events(status(true), status()).back().reason.c_str());
}
