// What the daemon remembers: strikes, the last known good scheduler, history; and standbys of a policy.
#include "core/control/safety_net.h"

#include <algorithm>

#include "tests/core/control/controller_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;

TEST_GROUP(SafetyNet) {
  ControllerFixture f;

  Policy watched(const std::vector<std::string>& names) {
    auto policy = f.policy(names);
    policy.settings.probation = 30s;
    return policy;
  }
  void want(std::int32_t pid, const std::string& name) {
    f.clock.advance(1s);
    f.processes.begin(pid, name);
    CHECK_TRUE(f.settle());
  }
  // The machine is gone with all that ran, and another daemon starts.
  void reboot(Policy policy) {
    f.controller.reset();
    f.machine.set_disabled();
    f.machine.left_over.clear();
    f.boot(std::move(policy));
  }
};

TEST(SafetyNet, the_last_good_one_survives_and_comes_in_place_of_one_in_quarantine) {
  f.boot(watched({"a", "b"}));
  want(1, "a");
  STRCMP_CONTAINS("\"name\": \"a\"", f.state.files["state.json"].c_str());
  f.processes.end(1);
  f.bad_runs = {"b"};
  want(2, "b");
  STRCMP_CONTAINS("oci:/images:b", f.state.files["quarantine.json"].c_str());
  reboot(watched({"a", "b"}));
  CHECK_TRUE(f.settle());
  STRCMP_EQUAL("a", f.attached().c_str());
  STRCMP_CONTAINS("b is quarantined", f.discrepancy().c_str());
}

TEST(SafetyNet, a_last_good_one_that_no_policy_defines_any_more_is_forgotten) {
  f.boot(watched({"a", "b"}));
  want(1, "a");
  f.controller->replace(watched({"b"}));
  STRCMP_EQUAL("{}\n", f.state.files["state.json"].c_str());
}

TEST(SafetyNet, damaged_files_are_told_and_do_no_harm) {
  f.state.files["quarantine.json"] = "{";
  f.state.files["state.json"] = "[]";
  f.state.files["tenure.json"] = "{\"version\": 1, \"run\": 3}";
  f.state.files["stop-first.json"] = "{}";
  f.state.files["history.jsonl"] = "{\"event\": \"lost\", \"from\": \"x\"}\n{\"eve";
  f.boot(f.policy({"a"}));
  want(1, "a");
  STRCMP_EQUAL("a", f.attached().c_str());
  STRCMP_EQUAL("x", f.controller->history(100).at(0).from.c_str());
  CHECK_TRUE(std::ranges::count_if(f.logged, [](const auto& line) { return line.find("is not used") != line.npos; }) ==
             4);
}

TEST(SafetyNet, a_probation_and_a_standby_survive_the_daemon) {
  auto policy = watched({"a", "b", "c"});
  policy.schedulers[2].standby = true;
  policy.rules[1].priority = 900;
  f.boot(policy);
  want(1, "a");
  f.processes.begin(2, "b");
  f.progress();
  f.clock.advance(5ms);
  f.controller->tick();
  STRCMP_CONTAINS("\"proved\": false", f.state.files["tenure.json"].c_str());
  const auto tenure = *parse_tenure(f.state.files["tenure.json"]);
  STRCMP_EQUAL("a", tenure.before->name().c_str());

  const auto request = [&](std::size_t n) { return RunRequest{policy.rules[n].use, {}}; };
  f.controller.reset();
  f.machine.left_over = {{request(1), 71}, {request(0), 72}, {request(2), 73}};
  f.machine.left_at_gate = {72, 73};
  f.machine.set_disabled();
  f.machine.set_enabled(71, "b");
  auto moved = tenure;
  moved.run = "old-71";
  f.state.files["tenure.json"] = tenure_json(moved);
  const auto runs = f.machine.runs.size();
  f.boot(policy);
  const auto status = f.controller->status();
  CHECK_TRUE(status.state == SystemState::probation);
  LONGS_EQUAL(2, status.standbys.size());
  for (const auto& one : status.standbys) STRCMP_EQUAL("at the gate", one.phase.c_str());
  LONGS_EQUAL(runs + 3, f.machine.runs.size());  // the adopted ones: nothing was started
}

TEST(SafetyNet, what_takes_over_by_stop_first_is_remembered) {
  f.state.files["stop-first.json"] = stop_first_json({"sha256:oci:/images:a"});
  auto policy = watched({"b", "a"});
  policy.rules[1].priority = 900;
  f.boot(policy);
  want(1, "b");
  f.processes.begin(2, "a");
  while (!f.machine.image_requests.empty()) f.machine.image_ready();
  STRCMP_EQUAL("", f.attached().c_str());  // b was let go before a starts
}

TEST(SafetyNet, clearing_lets_the_rules_scheduler_run_at_once) {
  f.boot(f.policy({"a"}));
  f.bad_runs = {"a"};
  want(1, "a");
  STRCMP_EQUAL("", f.attached().c_str());
  f.bad_runs.clear();
  LONGS_EQUAL(0, f.controller->clear_quarantine("b"));
  LONGS_EQUAL(1, f.controller->clear_quarantine("a"));
  CHECK_TRUE(f.settle());
  STRCMP_EQUAL("a", f.attached().c_str());
  STRCMP_EQUAL("", f.discrepancy().c_str());
  CHECK_TRUE(f.controller->status().strikes.empty());
}

TEST(SafetyNet, a_command_for_one_in_quarantine_is_refused_with_the_remedy) {
  f.boot(f.policy({"a"}));
  f.bad_runs = {"a"};
  f.run("a");
  CHECK_TRUE(f.settle());
  f.bad_runs.clear();
  f.run("a");
  CHECK_TRUE(f.settle());
  CHECK_TRUE(f.answer && f.answer->error().code == Errc::denied);
  STRCMP_CONTAINS("`schedctl quarantine clear a` lifts it", f.answer->error().text.c_str());
}

TEST(SafetyNet, history_is_written_as_it_happens_and_read_again) {
  f.boot(watched({"a"}));
  want(1, "a");
  const auto history = f.controller->history(100);
  LONGS_EQUAL(2, history.size());
  CHECK_TRUE(history[0].event == HistoryEvent::switched);
  STRCMP_EQUAL("rule test.toml/a holds", history[0].cause.c_str());
  CHECK_TRUE(history[1].event == HistoryEvent::passed);
  LONGS_EQUAL(2, std::ranges::count(f.state.files["history.jsonl"], '\n'));
  reboot(watched({"b"}));
  STRCMP_EQUAL("a", f.controller->history(2).at(0).to.c_str());
  LONGS_EQUAL(1, f.controller->history(1).size());
}

TEST(SafetyNet, history_at_hand_is_bounded) {
  SafetyNet net(f.clock, f.state, "7.2");
  for (int i = 0; i < 1500; ++i) net.record({.text = std::to_string(i)});
  LONGS_EQUAL(1000, net.history(5000).size());
  STRCMP_EQUAL("1499", net.history(1).at(0).text.c_str());
}

TEST(SafetyNet, standbys_of_a_policy_are_kept_with_their_default_arguments) {
  auto policy = f.policy({"a", "b"});
  policy.schedulers[1].standby = true;
  f.make(policy);
  f.progress();
  LONGS_EQUAL(0, f.machine.runs.size());  // not before start()
  CHECK_TRUE(f.controller->start().has_value());
  CHECK_TRUE(f.settle());
  CHECK_TRUE(f.idle());
  LONGS_EQUAL(1, f.machine.runs.size());
  STRCMP_EQUAL("at the gate", f.controller->status().standbys.at(0).phase.c_str());
  CHECK_TRUE(f.machine.run().request().choice.args == std::vector<std::string>{"--plain"});
  want(1, "b");
  LONGS_EQUAL(1, f.machine.runs.size());
  STRCMP_EQUAL("b", f.attached().c_str());
}
