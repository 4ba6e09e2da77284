#include "k8s/rollout.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Report = RolloutNode::Report;

namespace {

const std::string uid = "11111111-2222-3333-4444-555555555555";

nlohmann::json staged_policy(const std::string& staged, const std::string& more = "") {
  return object_of(
      sched_policy("  default: {builtin: kernel}\n  rollout: {type: Staged, " + more + "staged: {" + staged + "}}\n"));
}

}  // namespace

TEST_GROUP(Rollout) {
  RolloutSpec spec{.staged = true, .steps = {10, 50, 100}, .soak = 10min};
  std::vector<RolloutNode> nodes;
  std::optional<RolloutState> state;
  WallTime now{std::chrono::hours(24 * 365 * 50)};

  void setup() override {
    for (int i = 0; i < 200; ++i) nodes.push_back({.name = fmt::format("node-{}", i)});
  }

  RolloutStep look(const std::string& revision = "one") {
    auto step = next_rollout(spec, revision, uid, nodes, state, now);
    state = step.state;
    return step;
  }

  std::vector<RolloutNode*> updated() {
    std::vector<RolloutNode*> found;
    for (auto& node : nodes) {
      if (is_updated(*state, spec, uid, node)) found.push_back(&node);
    }
    return found;
  }

  void report(Report what) {
    for (auto* node : updated()) node->report = what;
  }

  void soak() {
    report(Report::applied);
    look();
    now += spec.soak;
  }

  void expect(RolloutPhase phase, int percent) {
    STRCMP_EQUAL(std::string(to_string(phase)).c_str(), std::string(to_string(state->phase)).c_str());
    LONGS_EQUAL(percent, state->percent);
  }
};

TEST(Rollout, goes_from_step_to_step_when_each_has_soaked) {
  look();
  expect(RolloutPhase::progressing, 10);
  CHECK(updated().size() > 5 && updated().size() < 40);
  report(Report::applied);
  const auto step = look();
  expect(RolloutPhase::soaking, 10);
  CHECK(step.look_again == now + 10min);
  now += 10min - 1s;
  look();
  expect(RolloutPhase::soaking, 10);
  now += 1s;
  look();
  expect(RolloutPhase::progressing, 50);
  CHECK(state->step_start == now);
  soak();
  look();
  expect(RolloutPhase::progressing, 100);
  LONGS_EQUAL(200, updated().size());
  report(Report::applied);
  look();
  expect(RolloutPhase::complete, 100);
  STRCMP_EQUAL("one", state->stable_revision.c_str());
}

TEST(Rollout, a_wider_step_holds_the_narrower_ones) {
  RolloutState narrow{.percent = 10};
  RolloutState wide{.percent = 50};
  for (const auto& node : nodes) {
    CHECK(!is_updated(narrow, spec, uid, node) || is_updated(wide, spec, uid, node));
    CHECK_EQUAL(rollout_bucket(uid, node.name), rollout_bucket(uid, node.name));
  }
  CHECK(rollout_bucket(uid, "node-1") != rollout_bucket("another", "node-1") ||
        rollout_bucket(uid, "node-2") != rollout_bucket("another", "node-2"));
}

TEST(Rollout, canaries_come_first_and_alone) {
  spec.canaries = LabelSelector{{{"canary", LabelRequirement::Operator::in, {"yes"}}}};
  nodes[7].labels = {{"canary", "yes"}};
  look();
  expect(RolloutPhase::progressing, 0);
  LONGS_EQUAL(1, updated().size());
  STRCMP_EQUAL("node-7", updated().front()->name.c_str());
  soak();
  look();
  expect(RolloutPhase::progressing, 10);
}

TEST(Rollout, without_a_node_that_is_a_canary_the_first_step_is_the_first) {
  spec.canaries = LabelSelector{{{"canary", LabelRequirement::Operator::in, {"yes"}}}};
  look();
  expect(RolloutPhase::progressing, 10);
}

TEST(Rollout, steps_that_add_no_node_are_skipped) {
  nodes.resize(1);
  look();
  LONGS_EQUAL(1, updated().size());
  soak();
  look();
  expect(RolloutPhase::complete, 100);
}

TEST(Rollout, a_node_that_is_not_ready_never_counts_as_applied) {
  look();
  report(Report::applied);
  updated().front()->ready = false;
  look();
  expect(RolloutPhase::progressing, 10);
  now += 1h;
  look();
  expect(RolloutPhase::progressing, 10);
  updated().front()->ready = true;
  look();
  expect(RolloutPhase::soaking, 10);
}

TEST(Rollout, a_node_that_falls_back_begins_the_soak_anew) {
  look();
  report(Report::applied);
  look();
  now += 9min;
  updated().front()->report = Report::none;
  look();
  expect(RolloutPhase::progressing, 10);
  updated().front()->report = Report::overridden;  // somebody on the node decided otherwise
  look();
  now += 9min;
  look();
  expect(RolloutPhase::soaking, 10);
}

TEST(Rollout, a_failure_halts_until_it_is_gone_or_borne) {
  look();
  report(Report::applied);
  updated().front()->report = Report::failed;
  look();
  expect(RolloutPhase::halted, 10);
  now += 1h;
  look();
  expect(RolloutPhase::halted, 10);
  spec.max_failed = 1;
  look();
  expect(RolloutPhase::soaking, 10);
}

TEST(Rollout, a_failure_outside_of_the_step_is_none_of_it) {
  look();
  report(Report::applied);
  for (auto& node : nodes) {
    if (!is_updated(*state, spec, uid, node)) node.report = Report::failed;
  }
  look();
  expect(RolloutPhase::soaking, 10);
}

TEST(Rollout, with_Rollback_only_another_revision_begins_again) {
  spec.roll_back = true;
  look();
  updated().front()->report = Report::failed;
  look();
  expect(RolloutPhase::rolled_back, 10);
  updated().front()->report = Report::applied;
  spec.max_failed = 100;
  look();
  expect(RolloutPhase::rolled_back, 10);
  look("two");
  expect(RolloutPhase::progressing, 10);
  STRCMP_EQUAL("two", state->revision.c_str());
}

TEST(Rollout, pause_and_resume) {
  look();
  report(Report::applied);
  look();
  now += 1h;
  spec.paused = true;
  look();
  expect(RolloutPhase::paused, 10);
  updated().front()->report = Report::failed;  // seen while paused too
  look();
  expect(RolloutPhase::halted, 10);
  updated().front()->report = Report::applied;
  spec.paused = false;
  look();
  expect(RolloutPhase::soaking, 10);
  CHECK(state->soak_start == now);
}

TEST(Rollout, back_to_what_was_everywhere_is_not_staged) {
  spec.staged = false;
  look();
  report(Report::applied);
  look();
  expect(RolloutPhase::complete, 100);
  spec.staged = true;
  for (auto& node : nodes) node.report = Report::none;
  look("two");
  expect(RolloutPhase::progressing, 10);
  look("one");
  expect(RolloutPhase::progressing, 100);
}

TEST(Rollout, all_at_once) {
  spec.staged = false;
  look();
  expect(RolloutPhase::progressing, 100);
  report(Report::applied);
  look();
  expect(RolloutPhase::complete, 100);
}

TEST(Rollout, without_nodes_nothing_is_proven) {
  nodes.clear();
  look();
  now += 24h;
  look();
  CHECK(state->phase == RolloutPhase::progressing);
}

TEST(Rollout, another_coordinator_goes_on_from_the_status) {
  look();
  report(Report::applied);
  look();
  const nlohmann::json policy = {{"status", {{"rollout", to_json(*state)}}}};
  CHECK(*read_rollout_state(policy) == *state);
}

TEST(Rollout, what_a_node_reads) {
  auto policy = staged_policy("steps: [10, 100]");
  const auto first = [&] {
    for (int i = 0;; ++i) {
      if (rollout_bucket("u-1", fmt::format("n{}", i)) < 10) return fmt::format("n{}", i);
    }
  }();
  CHECK_FALSE(rollout_admits(policy, first, {}));  // no coordinator has spoken
  RolloutState published{.revision = rollout_revision(policy), .percent = 10};
  policy["status"]["rollout"] = to_json(published);
  CHECK(rollout_admits(policy, first, {}));
  policy["spec"]["default"] = {{"image", "r.example/a:1"}};  // another revision than was published
  CHECK_FALSE(rollout_admits(policy, first, {}));
  policy["spec"]["rollout"]["type"] = "AllAtOnce";
  CHECK(rollout_admits(policy, first, {}));
}

TEST(Rollout, the_revision_is_of_what_is_said_not_of_how_it_comes) {
  auto policy = staged_policy("steps: [10, 100]");
  const auto revision = rollout_revision(policy);
  LONGS_EQUAL(16, revision.size());
  policy["spec"]["rollout"]["paused"] = true;
  policy["spec"]["nodeSelector"] = {{"matchLabels", {{"a", "b"}}}};
  policy["metadata"]["generation"] = 9;
  STRCMP_EQUAL(revision.c_str(), rollout_revision(policy).c_str());
  policy["spec"]["priority"] = 7;
  CHECK(revision != rollout_revision(policy));
}

TEST(Rollout, spec) {
  const auto read = read_rollout(staged_policy(
      "canarySelector: {matchLabels: {a: b}}, steps: [5, 100], soak: 1h, maxFailed: 2, onFailure: Rollback",
      "paused: true, "));
  CHECK(read.has_value());
  CHECK(read->staged && read->paused && read->roll_back && read->canaries->selects({{"a", "b"}}));
  LONGS_EQUAL(2, read->steps.size());
  LONGS_EQUAL(2, read->max_failed);
  CHECK(read->soak == 1h);
  for (const char* wrong : {"steps: [50, 10, 100]", "steps: [50]", "steps: []", "soak: 1h", "steps: [100], soak: x",
                            "steps: [100], maxFailed: -1", "steps: [100], onFailure: Panic", "steps: [0, 100]"}) {
    const auto refused = read_rollout(staged_policy(wrong));
    CHECK_FALSE_TEXT(refused.has_value(), wrong);
    STRCMP_CONTAINS("spec.rollout.staged", refused.error().text.c_str());
  }
}
