#include "k8s/acknowledgement.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using Verdict = PlannedPolicy::Verdict;

TEST_GROUP(Acknowledgement) {
  PlannedPolicy policy{.source = {.name = "a"}, .verdict = Verdict::rendered, .sha256 = "aa", .schedulers = {"x-1"}};
  Status daemon;

  void setup() override {
    daemon.files = {{.path = "/etc/schedkit/k8s-a.toml", .layer = "/etc/schedkit", .sha256 = "zz"},
                    {.path = "/etc/schedkit/cluster/k8s-a.toml",
                     .layer = "/etc/schedkit/cluster",
                     .state = PolicyFileState::loaded,
                     .sha256 = "aa",
                     .sha256_in_force = "aa"}};
  }
  void teardown() override {
    daemon = {};
    policy = {};
  }
  void check(PolicyPhase phase, const char* message) {
    const auto state = state_of(policy, "k8s-a.toml", &daemon, nullptr);
    STRCMP_EQUAL(std::string(to_string(phase)).c_str(), std::string(to_string(state.phase)).c_str());
    STRCMP_EQUAL(message, state.message.c_str());
  }
};

TEST(Acknowledgement, our_bytes_in_force_are_applied) { check(PolicyPhase::applied, ""); }

TEST(Acknowledgement, other_bytes_are_pending) {
  daemon.files[1].sha256 = "bb";
  check(PolicyPhase::pending, "schedkitd has not read it yet");
  daemon.files.pop_back();
  check(PolicyPhase::pending, "schedkitd has not read it yet");
  CHECK(state_of(policy, "k8s-a.toml", nullptr, nullptr).message == "schedkitd does not answer");
}

TEST(Acknowledgement, a_rejected_file_says_where) {
  daemon.files[1].state = PolicyFileState::rejected;
  daemon.files[1].errors = {{Errc::invalid, "unknown key \"x\"", {"/etc/schedkit/cluster/k8s-a.toml", 3, 7}}};
  check(PolicyPhase::failed, "k8s-a.toml:3:7: unknown key \"x\"");
  daemon.files[1].state = PolicyFileState::last_good;
  check(PolicyPhase::failed, "k8s-a.toml:3:7: unknown key \"x\"; the last good revision stays in force");
}

TEST(Acknowledgement, a_masked_file_is_overridden) {
  daemon.files[1].state = PolicyFileState::masked;
  daemon.files[1].hidden_by = "/etc/schedkit/k8s-a.toml";
  check(PolicyPhase::overridden, "hidden on the node by /etc/schedkit/k8s-a.toml");
}

TEST(Acknowledgement, a_scheduler_that_fails_fails_its_policy) {
  daemon.last_failure = FailureRecord{.scheduler = "x-1", .text = "exited with status 3"};
  check(PolicyPhase::failed, "x-1: exited with status 3");
  daemon.strikes = {{.scheduler = "x-1", .count = 3, .quarantined = true, .reason = "stall"}};
  check(PolicyPhase::rolled_back, "x-1 is in quarantine: stall");
  policy.schedulers = {"y-2"};
  check(PolicyPhase::applied, "");
}

TEST(Acknowledgement, what_was_not_rendered) {
  policy.why = "because";
  policy.verdict = Verdict::suspended;
  check(PolicyPhase::suspended, "");
  policy.verdict = Verdict::staged;
  check(PolicyPhase::staged, "because");
  policy.verdict = Verdict::waiting;
  check(PolicyPhase::pending, "because");
  policy.verdict = Verdict::refused;
  check(PolicyPhase::failed, "because");
}

TEST(Acknowledgement, a_file_that_cannot_be_written_has_failed) {
  const Error error{Errc::io, "no space"};
  CHECK((state_of(policy, "k8s-a.toml", &daemon, &error) == PolicyState{PolicyPhase::failed, "no space"}));
}

TEST(Acknowledgement, somebody_elses_hand_is_seen) {
  NodePlan plan;
  plan.policies["k8s-a.toml"] = policy;
  CHECK_FALSE(differs_on_disk(plan, daemon));
  daemon.files[1].sha256 = "bb";
  CHECK(differs_on_disk(plan, daemon));
  plan.policies["k8s-a.toml"].verdict = Verdict::refused;
  CHECK_FALSE(differs_on_disk(plan, daemon));
}
