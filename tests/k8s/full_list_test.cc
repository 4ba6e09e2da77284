#include "k8s/full_list.h"

#include <optional>

#include "tests/k8s/fake_api.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;
using Json = nlohmann::json;

TEST_GROUP(FullList) {
  FakeApi api;
  std::optional<ApiResult<std::vector<Json>>> answer;
  std::optional<FullList> list;

  void setup() override {
    list.emplace(api, resources::node_scheds(), [this](ApiResult<std::vector<Json>> objects) {
      answer = std::move(objects);
      list.reset();
    });
  }
  void teardown() override {
    list.reset();
    answer.reset();
  }
};

TEST(FullList, page_after_page) {
  CHECK(api.answer("/nodescheds?limit", Json{{"metadata", {{"continue", "more"}}}, {"items", {1, 2}}}));
  CHECK_FALSE(answer.has_value());
  CHECK(api.answer("continue=more", Json{{"metadata", Json::object()}, {"items", {3}}}));
  STRCMP_EQUAL("[1,2,3]", Json(answer->value()).dump().c_str());
  CHECK(api.waiting().empty());
}

TEST(FullList, nothing_in_it) {
  CHECK(api.answer("/nodescheds?", Json{{"items", nullptr}}));
  CHECK(answer->value().empty());
}

TEST(FullList, a_failure_in_the_middle_is_one) {
  CHECK(api.answer("/nodescheds?", Json{{"metadata", {{"continue", "more"}}}, {"items", {1}}}));
  CHECK(api.answer("continue=more", FakeApi::failure(410)));
  LONGS_EQUAL(410, answer->error().status);
}

TEST(FullList, what_is_no_list) {
  CHECK(api.answer("/nodescheds?", Json{{"kind", "Status"}}));
  STRCMP_EQUAL("/apis/sked.schedkit.io/v1alpha1/nodescheds: the answer is no list", answer->error().error.text.c_str());
}
