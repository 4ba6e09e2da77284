#include "k8s/agent.h"
#include "k8s/members.h"

#include <unistd.h>

#include "core/base/file.h"
#include "core/base/log.h"
#include "core/image/hasher.h"
#include "tests/fakes/fake_clock.h"
#include "tests/k8s/fake_api.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::fakes;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

Json policy(const char* name, Json spec, const char* version = "5") {
  return {{"metadata", {{"name", name}, {"uid", "u"}, {"generation", 1}, {"resourceVersion", version}}},
          {"spec", std::move(spec)}};
}
const Json kernel = {{"default", {{"builtin", "kernel"}}}};
Json node(Json labels) {
  return {{"metadata", {{"name", "n1"}, {"uid", "node-uid"}, {"labels", std::move(labels)}, {"resourceVersion", "1"}}}};
}

}  // namespace

TEST_GROUP(Agent) {
  Loop loop;
  FakeApi api;
  FakeClock clock;
  std::string directory;
  std::string logged;
  std::optional<Agent> agent;

  void setup() override {
    char path[] = "/tmp/schedkit-k8s-XXXXXX";
    directory = ::mkdtemp(path);
    log::set_sink([this](log::Level, std::string_view line) { logged += std::string(line) + "\n"; });
    make();
  }
  void teardown() override {
    agent.reset();
    loop.run();  // what is in the pool
    log::set_sink({});
    CHECK(remove_tree(directory).has_value());
    directory = logged = {};
  }
  void make(Duration absent = 1ms) {
    const BackoffPolicy backoff{.first = 1ms, .longest = 1ms};
    agent.emplace(
        loop, api, clock, [] { return 0.0; },
        AgentOptions{.node = "n1",
                     .directory = directory,
                     .kernel_release = "7.2",
                     .soon = 1ms,
                     .patience = 0s,
                     .retry = 1ms,
                     .absent = absent,
                     .collection = {.hold = 1ms, .spread = 0s, .missing_poll = 1ms, .settle = 1h, .backoff = backoff},
                     .writer = {.pace = 1ms, .settle = 1h, .backoff = backoff}});
    agent->start();
  }
  void await(const char* part) {
    if (!run_until(
            loop, [&] { return api.find(part) != nullptr; }, 5s))
      FAIL(part);
  }
  // All lists but that of SchedPolicies.
  void answer_others(Json labels = {{"pool", "build"}}) {
    await("/nodes?");
    CHECK(api.answer("/nodes?", page({node(std::move(labels))})));
    await("/nodescheds?");
    CHECK(api.answer("/nodescheds?", page({})));
    await("/schedexts?");
    CHECK(api.answer("/schedexts?", FakeApi::failure(404)));
  }
  void answer_policies(std::vector<Json> items) {
    await("/schedpolicies?limit");
    CHECK(api.answer("/schedpolicies?limit", page(std::move(items))));
  }
  bool has(const char* name) { return ::access((directory + "/" + name).c_str(), F_OK) == 0; }
  void await_file(const char* name, bool there) {
    CHECK(run_until(
        loop, [&] { return has(name) == there; }, 5s));
  }
  // schedkitd reads what lies there.
  void daemon_reads(PolicyFileState state = PolicyFileState::loaded) {
    Status status;
    status.kernel.supported = true;
    for (const char* name : {"k8s-a.toml", "k8s-b.toml"}) {
      const auto text = read_file(directory + "/" + name, 65536);
      if (!text) continue;
      const auto hash = digest_of(*text)->hex;
      status.files.push_back({.path = directory + "/" + name, .layer = "/x/cluster", .state = state, .sha256 = hash});
      if (state == PolicyFileState::loaded) status.files.back().sha256_in_force = hash;
    }
    agent->daemon_told(status);
  }
  Json applied_status() {
    const auto asked = [this] {
      if (api.find("POST /apis") != nullptr) {
        CHECK(api.answer("POST /apis", Json{{"metadata", {{"name", "n1"}, {"uid", "s"}}}}));
      }
      return api.find("PATCH ") != nullptr;
    };
    if (!run_until(loop, asked, 5s)) FAIL("no status is applied");
    const Json status = api.find("PATCH ")->request.body.at("status");
    CHECK(api.answer("PATCH ", Json{{"metadata", {{"name", "n1"}}}, {"status", status}}));
    return status;
  }
  // Of the only policy, in the first status in which it is so.
  void await_phase(const char* phase) {
    for (int i = 0; i < 10; ++i) {
      const auto status = applied_status();
      const auto& policies = status.at("policies");
      if (!policies.empty() && text_at(policies[0], {"phase"}) == phase) return;
    }
    FAIL(phase);
  }
  // Nothing is left to do but to wait for answers.
  void settle() {
    bool over = false;
    Timer tick(loop);
    tick.set(100ms, [&over] { over = true; });
    CHECK(run_until(loop, [&over] { return over; }));
  }
};

TEST(Agent, a_policy_becomes_a_file_and_the_answer_a_status) {
  answer_others();
  answer_policies({policy("a", kernel)});
  await_file("k8s-a.toml", true);
  STRCMP_CONTAINS("\"kind\":\"SchedPolicy\"", read_file(directory + "/k8s-a.toml", 65536)->c_str());
  CHECK(run_until(
      loop, [this] { return agent->synced(); }, 5s));
  daemon_reads();
  await_phase("Applied");
  daemon_reads(PolicyFileState::rejected);
  await_phase("Failed");
  STRCMP_CONTAINS("wrote ", logged.c_str());
}

TEST(Agent, nothing_is_written_when_nothing_changes) {
  answer_others();
  answer_policies({policy("a", kernel)});
  await_file("k8s-a.toml", true);
  daemon_reads();
  await_phase("Applied");
  settle();
  const int made = api.made;
  daemon_reads();
  settle();
  CHECK(api.find("PATCH ") == nullptr);
  // Neither labels of a policy nor what controllers write in its status are of interest.
  auto same = policy("a", kernel, "11");
  same["metadata"]["labels"] = {{"x", "y"}};
  same["status"] = {{"observedGeneration", 1}};
  CHECK(api.tell("/schedpolicies?watch", event("MODIFIED", same)));
  settle();
  LONGS_EQUAL(made, api.made);
}

TEST(Agent, no_file_goes_before_the_cluster_was_seen_whole) {
  answer_others();
  answer_policies({policy("a", kernel)});
  await_file("k8s-a.toml", true);
  make();  // a new agent, and the server is away
  await("/schedpolicies?limit");
  for (int i = 0; i < 3; ++i) {
    await("/schedpolicies?limit");
    CHECK(api.answer("/schedpolicies?limit", FakeApi::failure(0, "", Errc::io)));
  }
  answer_others();
  settle();
  CHECK(has("k8s-a.toml"));
  await("/schedpolicies?limit");
  CHECK(api.answer("/schedpolicies?limit", FakeApi::failure(404)));  // no CRD
  settle();
  CHECK(has("k8s-a.toml"));
  answer_policies({});  // it is there again, and empty: a second list decides
  settle();
  CHECK(has("k8s-a.toml"));
  answer_policies({});
  await_file("k8s-a.toml", false);
}

TEST(Agent, a_deleted_policy_goes_and_one_for_other_nodes_too) {
  answer_others();
  answer_policies({policy("a", kernel), policy("b", kernel)});
  await_file("k8s-b.toml", true);
  auto other = kernel;
  other["nodeSelector"] = {{"matchLabels", {{"pool", "game"}}}};
  CHECK(api.tell("/schedpolicies?watch", event("MODIFIED", policy("b", other, "11"))));
  await_file("k8s-b.toml", false);
  CHECK(has("k8s-a.toml"));
  CHECK(api.tell("/schedpolicies?watch", event("DELETED", policy("a", kernel, "12"))));
  answer_policies({policy("b", other, "11")});
  await_file("k8s-a.toml", false);
}

TEST(Agent, labels_of_the_node_decide_and_stay_when_it_is_deleted) {
  answer_others({{"pool", "game"}});
  auto selective = kernel;
  selective["nodeSelector"] = {{"matchLabels", {{"pool", "build"}}}};
  answer_policies({policy("a", selective)});
  settle();
  CHECK_FALSE(has("k8s-a.toml"));
  CHECK(api.tell("/nodes?", event("MODIFIED", node({{"pool", "build"}}))));
  await_file("k8s-a.toml", true);
  CHECK(api.tell("/nodes?", event("DELETED", node({{"pool", "build"}}))));
  settle();
  CHECK(has("k8s-a.toml"));
}

TEST(Agent, pods_are_watched_only_while_a_policy_asks_for_them) {
  answer_others();
  answer_policies({policy("b", kernel)});
  await_file("k8s-b.toml", true);
  CHECK(api.find("/pods?") == nullptr);
  const Json asking = {
      {"rules", {{{"name", "r"}, {"use", {{"builtin", "kernel"}}}, {"when", {{{"pod", {{"namespace", "prod"}}}}}}}}}};
  CHECK(api.tell("/schedpolicies?watch", event("ADDED", policy("a", asking, "11"))));
  await("/pods?");
  STRCMP_CONTAINS("fieldSelector=spec.nodeName%3Dn1", api.find("/pods?")->request.path.c_str());
  CHECK_FALSE(has("k8s-a.toml"));
  CHECK(api.answer("/pods?", page({{{"metadata", {{"name", "p"}, {"namespace", "prod"}, {"uid", "ab-12"}}}}})));
  await_file("k8s-a.toml", true);
  STRCMP_CONTAINS("podab-12", read_file(directory + "/k8s-a.toml", 65536)->c_str());
  CHECK(api.tell("/schedpolicies?watch", event("MODIFIED", policy("a", kernel, "12"))));
  CHECK(run_until(
      loop, [this] { return api.find("/pods?") == nullptr; }, 5s));
}

TEST(Agent, a_file_that_somebody_removed_comes_back) {
  answer_others();
  answer_policies({policy("a", kernel)});
  await_file("k8s-a.toml", true);
  daemon_reads();
  await_phase("Applied");
  LONGS_EQUAL(0, ::unlink((directory + "/k8s-a.toml").c_str()));
  daemon_reads();  // which saw it go
  await_file("k8s-a.toml", true);
}

TEST(Agent, a_file_that_cannot_be_written_is_tried_again) {
  CHECK(write_file_atomic(directory + "/k8s-a.toml", "# mine\n").has_value());
  answer_others();
  answer_policies({policy("a", kernel)});
  daemon_reads();
  await_phase("Failed");
  STRCMP_CONTAINS("k8s-a.toml was not written by sked", logged.c_str());
  const auto lines = logged;
  settle();
  STRCMP_EQUAL(lines.c_str(), logged.c_str());  // said once
  LONGS_EQUAL(0, ::unlink((directory + "/k8s-a.toml").c_str()));
  await_file("k8s-a.toml", true);
}

TEST(Agent, a_daemon_that_is_away_is_said_and_files_are_written_anyway) {
  answer_others();
  answer_policies({policy("a", kernel)});
  await_file("k8s-a.toml", true);
  const auto status = applied_status();
  CHECK_FALSE(status.contains("active"));
  daemon_reads();
  await_phase("Applied");
  agent->daemon_told(fail(Errc::io, "schedkitd does not answer"));
  await_phase("Pending");
  STRCMP_CONTAINS("schedkitd does not answer", logged.c_str());
}

TEST(Agent, it_goes_while_files_are_written) {
  answer_others();
  answer_policies({policy("a", kernel)});
  loop.run_once(false);
  agent.reset();
  settle();
  LONGS_EQUAL(0, api.waiting().size());
}

TEST(Agent, an_absent_definition_of_upstream_is_looked_for_rarely) {
  make(1h);
  answer_others();
  for (int i = 0; i < 20; ++i) {  // ours is looked for again and again meanwhile
    await("/schedpolicies?limit");
    CHECK(api.answer("/schedpolicies?limit", FakeApi::failure(404)));
  }
  CHECK(api.find("/schedexts?") == nullptr);
  CHECK(3600s / AgentOptions{}.absent <= 10);
}
