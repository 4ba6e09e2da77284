#include "k8s/coordinator.h"
#include "k8s/members.h"

#include "tests/fakes/fake_clock.h"
#include "tests/k8s/fake_api.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::fakes;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

const char* const lease_call = "/leases";
const char* const write_call = "PATCH /apis/sked.schedkit.io/v1alpha1/schedpolicies/games/status";

Json node(const char* name) {
  return {{"metadata", {{"name", name}, {"uid", name}, {"resourceVersion", "1"}}},
          {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}, {"lastHeartbeatTime", "now"}}}}}}};
}

Json report(const char* name, const char* phase) {
  return {{"metadata", {{"name", name}, {"uid", name}, {"resourceVersion", "1"}}},
          {"status", {{"policies", {{{"name", "games"}, {"phase", phase}, {"observedGeneration", 3}}}}}}};
}

}  // namespace

TEST_GROUP(Coordinator) {
  Loop loop;
  FakeApi api;
  FakeClock clock;
  std::optional<Coordinator> coordinator;
  Json policy = object_of(sched_policy("  default: {builtin: kernel}\n"));

  void setup() override {
    policy["metadata"]["resourceVersion"] = "1";
    coordinator.emplace(
        loop, api, clock, [] { return 0.0; },
        CoordinatorOptions{
            .leader = {.identity = "us", .renew = 1ms},
            .soon = 1ms,
            .pace = 5s,
            .collection = {.resource = {}, .hold = 1ms, .spread = 1ms, .missing_poll = 1ms, .settle = 1ms}});
    coordinator->start();
  }
  void teardown() override { coordinator.reset(); }

  void await(const char* part) { CHECK_TEXT(await_call(loop, api, part), part); }
  void lead() {
    await("GET /apis/coordination.k8s.io/v1/namespaces/schedkit-system/leases/sked-coordinator");
    CHECK(api.answer(lease_call, FakeApi::failure(404)));
    CHECK(api.answer("POST", Json::object()));
  }
  void list(const char* plural, std::vector<Json> items) {
    const auto call = std::string(plural) + "?limit";
    await(call.c_str());
    CHECK(api.answer(call, page(std::move(items))));
    await((std::string(plural) + "?watch").c_str());
  }
  void know(const char* phase) {
    list("schedpolicies", {policy});
    list("nodes", {node("n1")});
    list("nodescheds", {report("n1", phase)});
  }
};

TEST(Coordinator, writes_what_became_of_a_policy) {
  lead();
  CHECK(coordinator->leads());
  know("Applied");
  await(write_call);
  const auto body = api.find(write_call)->request.body;
  LONGS_EQUAL(1, body.at("status").at("nodes").at("applied").get<int>());
  STRCMP_EQUAL("Complete", body.at("status").at("rollout").at("phase").get<std::string>().c_str());
  CHECK_FALSE(body.contains("spec"));
  STRCMP_CONTAINS("fieldManager=sked-coordinator", api.find(write_call)->request.path.c_str());
}

TEST(Coordinator, looks_at_nothing_while_another_leads) {
  await(lease_call);
  const Json theirs = {{"metadata", {{"resourceVersion", "1"}}},
                       {"spec", {{"holderIdentity", "them"}, {"renewTime", "2026-01-01T00:00:00.000000Z"}}}};
  for (int i = 0; i < 5; ++i) {
    await(lease_call);
    LONGS_EQUAL(1, api.waiting().size());
    CHECK(api.answer(lease_call, theirs));
  }
  CHECK_FALSE(coordinator->leads());
  clock.advance(15s);  // nobody renewed it
  await(lease_call);
  CHECK(api.answer(lease_call, theirs));
  await("PUT");
  CHECK(api.answer("PUT", Json::object()));
  CHECK(coordinator->leads());
}

TEST(Coordinator, one_that_was_slower_does_not_lead) {
  await(lease_call);
  CHECK(api.answer(lease_call, FakeApi::failure(404)));
  CHECK(api.answer("POST", FakeApi::failure(409)));
  CHECK_FALSE(coordinator->leads());
}

TEST(Coordinator, an_equal_status_is_not_written_again) {
  lead();
  know("Applied");
  await(write_call);
  policy["status"] = api.find(write_call)->request.body.at("status");
  policy["metadata"]["resourceVersion"] = "11";
  CHECK(api.answer(write_call, policy));
  CHECK(api.tell("schedpolicies?watch", {{"type", "MODIFIED"}, {"object", policy}}));
  await(lease_call);
  CHECK(api.answer(lease_call, FakeApi::failure(503)));
  await(lease_call);
  CHECK(api.find(write_call) == nullptr);
}

TEST(Coordinator, a_rollout_that_moves_is_told_at_once) {
  lead();
  know("Pending");
  await(write_call);
  STRCMP_EQUAL("Progressing", text_at(api.find(write_call)->request.body, {"status", "rollout", "phase"}).c_str());
  CHECK(api.answer(write_call, policy));
  auto applied = report("n1", "Applied");
  applied["metadata"]["resourceVersion"] = "12";
  CHECK(api.tell("nodescheds?watch", {{"type", "MODIFIED"}, {"object", applied}}));
  await(write_call);  // the clock stands still
  STRCMP_EQUAL("Complete", text_at(api.find(write_call)->request.body, {"status", "rollout", "phase"}).c_str());
}

TEST(Coordinator, nothing_is_written_when_it_leads_no_more) {
  lead();
  clock.advance(11s);  // and nothing was renewed
  know("Applied");
  await(lease_call);
  CHECK_FALSE(coordinator->leads());
  CHECK(api.find(write_call) == nullptr);
}
