#include "k8s/collection.h"

#include <optional>

#include "tests/fakes/fake_clock.h"
#include "tests/k8s/fake_api.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::fakes;
using namespace schedkit::test;
using namespace std::chrono_literals;
using Json = nlohmann::json;

namespace {

const char* const list_of = "GET /apis/sked.schedkit.io/v1alpha1/schedpolicies?limit";
const char* const watch_of = "GET /apis/sked.schedkit.io/v1alpha1/schedpolicies?watch";

Json object(const char* name, const char* version, int spec = 0) {
  return {{"metadata", {{"name", name}, {"resourceVersion", version}}}, {"spec", spec}};
}

}  // namespace

TEST_GROUP(Collection) {
  Loop loop;
  FakeApi api;
  FakeClock clock;
  std::optional<Collection> collection;
  int changes = 0;

  void start(Duration hold = 1ms) {
    collection.emplace(
        loop, api, clock, [] { return 0.0; },
        CollectionOptions{.resource = resources::sched_policies(),
                          .trim = [](Json& one) { one["metadata"].erase("resourceVersion"); },
                          .hold = hold,
                          .spread = 0s,
                          .missing_poll = 1ms,
                          .settle = 1h,
                          .backoff = {.first = 1ms, .longest = 2ms, .calm = 1h}},
        [this] { ++changes; });
    collection->start();
  }
  void teardown() override { collection.reset(); }
  // Until such a call waits for its answer.
  void await(const char* part) {
    CHECK(await_call(loop, api, part));
    LONGS_EQUAL(1, api.waiting().size());
  }
  void start_with(std::vector<Json> items, Duration hold = 1ms) {
    start(hold);
    await(list_of);
    CHECK(api.answer(list_of, page(std::move(items), "10")));
    await(watch_of);
  }
  std::string names() const {
    std::string text;
    for (const auto& [key, value] : collection->objects()) text += key + std::to_string(value.at("spec").get<int>());
    return text;
  }
  void check_watch_from(const char* version) {
    STRCMP_CONTAINS(fmt::format("resourceVersion={}&", version).c_str(), api.waiting().at(0).c_str());
  }
};

TEST(Collection, lists_page_after_page_then_watches_from_there) {
  start();
  await(list_of);
  CHECK_FALSE(collection->synced());
  CHECK(api.answer(list_of, page({object("a", "1"), object("b", "2")}, "10", "more")));
  CHECK_FALSE(collection->synced());
  await("continue=more");
  CHECK(api.answer(list_of, page({object("c", "3")}, "10")));
  CHECK(collection->synced());
  STRCMP_EQUAL("a0b0c0", names().c_str());
  await(watch_of);
  check_watch_from("10");
  LONGS_EQUAL(1, changes);
}

TEST(Collection, events_change_it_and_nothing_else_does) {
  start_with({object("a", "1")});
  CHECK(api.tell(watch_of, event("ADDED", object("b", "11"))));
  CHECK(api.tell(watch_of, event("MODIFIED", object("a", "12", 5))));
  STRCMP_EQUAL("a5b0", names().c_str());
  LONGS_EQUAL(3, changes);
  CHECK(api.tell(watch_of, event("MODIFIED", object("a", "13", 5))));  // only its version
  CHECK(api.tell(watch_of, event("BOOKMARK", {{"metadata", {{"resourceVersion", "20"}}}})));
  LONGS_EQUAL(3, changes);
  CHECK(api.end(watch_of, {}));
  await(watch_of);
  check_watch_from("20");
}

TEST(Collection, a_deletion_counts_when_a_list_confirms_it) {
  start_with({object("a", "1"), object("b", "2")});
  CHECK(api.tell(watch_of, event("DELETED", object("a", "11"))));
  STRCMP_EQUAL("a0b0", names().c_str());
  await(list_of);
  CHECK(api.answer(list_of, page({object("b", "2")}, "12")));
  STRCMP_EQUAL("b0", names().c_str());
}

TEST(Collection, a_deletion_without_hold_counts_at_once) {
  start_with({object("a", "1"), object("b", "2")}, 0s);
  CHECK(api.tell(watch_of, event("DELETED", object("a", "11"))));
  STRCMP_EQUAL("b0", names().c_str());
}

TEST(Collection, a_crd_that_is_deleted_takes_nothing_along) {
  start_with({object("a", "1"), object("b", "2")});
  CHECK(api.tell(watch_of, event("DELETED", object("a", "11"))));
  CHECK(api.tell(watch_of, event("DELETED", object("b", "12"))));
  CHECK(api.end(watch_of, {}));
  await(list_of);
  CHECK(api.answer(list_of, FakeApi::failure(404)));
  CHECK(collection->missing());
  CHECK(collection->synced());
  STRCMP_EQUAL("a0b0", names().c_str());
  // It is there again, and empty at first: what is applied again within the hold never went.
  await(list_of);
  CHECK(api.answer(list_of, page({}, "20")));
  CHECK_FALSE(collection->missing());
  STRCMP_EQUAL("a0b0", names().c_str());
  await(watch_of);
  CHECK(api.tell(watch_of, event("ADDED", object("a", "21", 7))));
  STRCMP_EQUAL("a7b0", names().c_str());
  await(list_of);
  CHECK(api.answer(list_of, page({object("a", "21", 7)}, "30")));
  STRCMP_EQUAL("a7", names().c_str());
}

TEST(Collection, one_that_was_not_there_when_we_came_is_whole_only_after_a_second_list) {
  start();
  await(list_of);
  CHECK(api.answer(list_of, FakeApi::failure(404)));
  CHECK(collection->missing());
  CHECK_FALSE(collection->synced());
  await(list_of);
  CHECK(api.answer(list_of, page({object("a", "1")}, "20")));
  STRCMP_EQUAL("a0", names().c_str());
  CHECK_FALSE(collection->synced());
  await(list_of);
  CHECK(api.answer(list_of, page({object("a", "1")}, "21")));
  CHECK(collection->synced());
}

TEST(Collection, an_expired_version_is_listed_again_and_missed_deletions_are_found) {
  start_with({object("a", "1"), object("b", "2")});
  CHECK(api.tell(watch_of, event("ERROR", {{"kind", "Status"}, {"code", 410}, {"reason", "Expired"}})));
  STRCMP_EQUAL("a0b0", names().c_str());
  CHECK(collection->trouble().has_value());
  await(list_of);
  CHECK(api.answer(list_of, page({object("b", "2", 9)}, "50")));
  STRCMP_EQUAL("b9", names().c_str());
  CHECK_FALSE(collection->trouble().has_value());
  await(watch_of);
  check_watch_from("50");
}

TEST(Collection, what_makes_it_list_again) {
  start_with({object("a", "1")});
  for (const auto& failure :
       {FakeApi::failure(410, "Expired"), FakeApi::failure(504, "Timeout"), FakeApi::failure(404),
        FakeApi::failure(400), FakeApi::failure(0, "", Errc::invalid), FakeApi::failure(0, "", Errc::limit)}) {
    CHECK(api.end(watch_of, failure));
    await(list_of);
    CHECK(api.answer(list_of, page({object("a", "1")}, "10")));
    await(watch_of);
  }
}

TEST(Collection, what_makes_it_watch_on) {
  start_with({object("a", "1")});
  CHECK(api.tell(watch_of, event("MODIFIED", object("a", "17"))));
  for (const auto& failure : {FakeApi::failure(0, "", Errc::io), FakeApi::failure(0, "", Errc::timeout),
                              FakeApi::failure(0, "", Errc::integrity), FakeApi::failure(401), FakeApi::failure(403),
                              FakeApi::failure(429), FakeApi::failure(500), FakeApi::failure(503)}) {
    CHECK(api.end(watch_of, failure));
    STRCMP_EQUAL("a0", names().c_str());
    CHECK(collection->trouble().has_value());
    await(watch_of);
    check_watch_from("17");
  }
  CHECK(api.tell(watch_of, event("BOOKMARK", {{"metadata", {{"resourceVersion", "20"}}}})));
  CHECK_FALSE(collection->trouble().has_value());
}

TEST(Collection, events_that_are_not_understood_make_it_list_again) {
  start_with({object("a", "1")});
  for (const auto& odd : {event("RENAMED", object("a", "2")), Json{{"type", "ADDED"}}, event("ADDED", Json::object()),
                          event("ADDED", {{"metadata", {{"resourceVersion", "3"}}}})}) {
    CHECK(api.tell(watch_of, odd));
    await(list_of);
    CHECK(api.answer(list_of, page({object("a", "1")}, "10")));
    await(watch_of);
  }
}

TEST(Collection, a_failed_page_starts_the_list_anew) {
  start();
  await(list_of);
  CHECK(api.answer(list_of, page({object("a", "1")}, "10", "more")));
  await("continue=more");
  CHECK(api.answer(list_of, FakeApi::failure(410, "Expired")));
  await(list_of);
  CHECK(api.find("continue") == nullptr);
  CHECK(api.answer(list_of, page({object("b", "1")}, "11")));
  STRCMP_EQUAL("b0", names().c_str());
}

TEST(Collection, an_answer_that_is_no_list_changes_nothing) {
  start_with({object("a", "1")});
  CHECK(api.end(watch_of, FakeApi::failure(410)));
  await(list_of);
  CHECK(api.answer(list_of, Json{{"kind", "Status"}}));
  STRCMP_EQUAL("a0", names().c_str());
  await(list_of);
  CHECK(api.answer(list_of, Json{{"metadata", {{"resourceVersion", "9"}}}, {"items", "x"}}));
  STRCMP_EQUAL("a0", names().c_str());
}

TEST(Collection, a_server_that_ends_watches_at_once_is_not_asked_in_a_tight_loop) {
  start_with({object("a", "1")});
  CHECK(api.end(watch_of, {}));
  LONGS_EQUAL(0, api.waiting().size());  // it waits first
  CHECK(collection->trouble().has_value());
  await(watch_of);
  clock.advance(2s);
  CHECK(api.end(watch_of, {}));
  LONGS_EQUAL(1, api.waiting().size());
}

TEST(Collection, a_watch_that_lives_is_well) {
  start();
  await(list_of);
  CHECK(api.answer(list_of, page({}, "10")));
  CHECK(api.end(watch_of, FakeApi::failure(500)));
  CHECK(collection->trouble().has_value());
  await(watch_of);
  // `settle` is an hour in these tests, so here one that is short.
  collection.emplace(
      loop, api, clock, [] { return 0.0; },
      CollectionOptions{
          .resource = resources::sched_policies(), .spread = 0s, .settle = 1ms, .backoff = {.first = 1ms}},
      [] {});
  collection->start();
  await(list_of);
  CHECK(api.answer(list_of, page({}, "10")));
  CHECK(api.end(watch_of, FakeApi::failure(500)));
  CHECK(run_until(loop, [this] { return !collection->trouble().has_value(); }));
}

TEST(Collection, an_idle_one_makes_at_most_ten_requests_an_hour) {
  start_with({});  // random gives 0: the shortest watch
  const auto line = api.waiting().at(0);
  const std::string mark = "timeoutSeconds=";
  const int seconds = std::stoi(line.substr(line.find(mark) + mark.size()));
  CHECK(3600 / seconds <= 10);
  clock.advance(std::chrono::seconds(seconds));
  CHECK(api.end(watch_of, {}));  // as the server does then: one watch more, no list
  await(watch_of);
  LONGS_EQUAL(3, api.made);
}
