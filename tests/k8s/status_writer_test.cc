#include "k8s/status_writer.h"
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

const char* const create_call = "POST /apis/sked.schedkit.io/v1alpha1/nodescheds";
const char* const apply_call = "PATCH /apis/sked.schedkit.io/v1alpha1/nodescheds/n1/status?fieldManager=sked-agent";
const char* const event_call = "POST /api/v1/namespaces/default/events";

Json status(const char* scheduler) { return {{"active", {{"scheduler", scheduler}}}}; }
Json server(const Json& status) { return {{"metadata", {{"name", "n1"}, {"uid", "s-1"}}}, {"status", status}}; }

}  // namespace

TEST_GROUP(StatusWriter) {
  Loop loop;
  FakeApi api;
  FakeClock clock;
  std::vector<bool> told;
  std::optional<StatusWriter> writer;

  void setup() override {
    writer.emplace(
        loop, api, clock, [] { return 0.0; },
        StatusWriterOptions{.node = "n1", .pace = 1ms, .settle = 1ms, .backoff = {.first = 1ms, .longest = 1ms}},
        [this](const std::optional<ApiFailure>& trouble) { told.push_back(trouble.has_value()); });
  }
  void teardown() override {
    writer.reset();
    told.clear();
  }
  void await(const char* part) { CHECK(await_call(loop, api, part)); }
  // Whether nothing is asked once all timers are done.
  bool silent() {
    loop.run();
    return api.waiting().empty();
  }
  Json applied() { return api.find(apply_call)->request.body; }
};

TEST(StatusWriter, makes_the_object_that_is_missing_and_applies_its_status) {
  writer->want(status("a"), "node-uid");
  CHECK(api.waiting().empty());  // what the server has is not known yet
  writer->server_has(nullptr);
  await(create_call);
  const auto made = api.find(create_call)->request.body;
  STRCMP_EQUAL("node-uid", text_at(made.at("metadata").at("ownerReferences").at(0), {"uid"}).c_str());
  CHECK(api.answer(create_call, server(nullptr)));
  await(apply_call);
  CHECK(applied().at("status") == status("a"));
  CHECK_FALSE(applied().at("metadata").contains("resourceVersion"));
  CHECK(api.answer(apply_call, server(status("a"))));
  CHECK(silent());
}

TEST(StatusWriter, an_object_that_was_made_meanwhile_is_as_good) {
  writer->server_has(nullptr);
  writer->want(status("a"), "");
  await(create_call);
  CHECK(api.answer(create_call, FakeApi::failure(409, "AlreadyExists")));
  await(apply_call);
  CHECK(told.empty());
}

TEST(StatusWriter, nothing_is_written_when_nothing_changed) {
  writer->server_has(server(status("a")));
  CHECK(writer->previous() == status("a"));
  writer->want(status("a"), "");
  CHECK(silent());
  writer->want(status("b"), "");
  await(apply_call);
  CHECK(api.answer(apply_call, server(status("b"))));
  await(event_call);
  CHECK(api.answer(event_call, Json()));
  writer->server_has(server(status("b")));
  writer->want(status("b"), "");
  CHECK(silent());
}

TEST(StatusWriter, the_newest_wins) {
  writer->server_has(server(nullptr));
  writer->want(status("a"), "");
  await(apply_call);
  writer->want(status("b"), "");
  writer->want(status("c"), "");
  CHECK(api.answer(apply_call, server(status("a"))));
  await(apply_call);
  CHECK(applied().at("status") == status("c"));
}

TEST(StatusWriter, a_failure_is_told_once_and_tried_again) {
  writer->server_has(server(nullptr));
  writer->want(status("a"), "");
  for (int i = 0; i < 3; ++i) {
    await(apply_call);
    CHECK(api.answer(apply_call, FakeApi::failure(500)));
  }
  LONGS_EQUAL(1, told.size());
  await(apply_call);
  CHECK(api.answer(apply_call, server(status("a"))));
  LONGS_EQUAL(2, told.size());
  CHECK_FALSE(told[1]);
}

TEST(StatusWriter, an_object_that_is_gone_is_made_again) {
  writer->server_has(server(status("a")));
  writer->want(status("b"), "");
  await(apply_call);
  CHECK(api.answer(apply_call, FakeApi::failure(404)));
  await(create_call);
  CHECK(api.answer(create_call, server(nullptr)));
  await(apply_call);
  CHECK(api.answer(apply_call, server(status("b"))));
  CHECK(silent() || api.find(event_call) != nullptr);
  writer->server_has(nullptr);  // and once more, as a watch tells
  await(create_call);
}

TEST(StatusWriter, what_somebody_else_wrote_is_mended_and_a_lagging_watch_is_not) {
  writer->server_has(server(nullptr));
  writer->want(status("a"), "");
  await(apply_call);
  CHECK(api.answer(apply_call, server(status("a"))));
  writer->server_has(server(nullptr));      // lags
  writer->server_has(server(status("a")));  // and is there
  CHECK(silent());
  writer->server_has(server(status("intruder")));
  await(apply_call);
  CHECK(applied().at("status") == status("a"));
}

TEST(StatusWriter, transitions_are_told_as_events_with_the_objects_uid) {
  writer->server_has(server(status("a")));
  writer->want(status("b"), "");
  await(apply_call);
  CHECK(api.answer(apply_call, server(status("b"))));
  await(event_call);
  const auto event = api.find(event_call)->request.body;
  STRCMP_EQUAL("SchedulerSwitched", text_at(event, {"reason"}).c_str());
  STRCMP_EQUAL("s-1", text_at(event, {"involvedObject", "uid"}).c_str());
  STRCMP_EQUAL("default", text_at(event, {"metadata", "namespace"}).c_str());
  CHECK(api.answer(event_call, FakeApi::failure(403)));
  CHECK(told.empty());
  CHECK(silent());
}

TEST(StatusWriter, events_are_limited) {
  writer->server_has(server(status("x")));
  int events = 0;
  for (int i = 0; i < 40; ++i) {
    writer->want(status(fmt::format("s{}", i).c_str()), "");
    await(apply_call);
    CHECK(api.answer(apply_call, server(applied().at("status"))));
    while (api.answer(event_call, Json())) ++events;
  }
  LONGS_EQUAL(25, events);
}
