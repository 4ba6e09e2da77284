#include "k8s/labels.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::test;

namespace {

bool selects(const char* selector, const Labels& labels) {
  const auto read = read_selector(object_of(selector), "nodeSelector");
  CHECK(read.has_value());
  return read->selects(labels);
}

std::string error_of(const char* selector) {
  const auto read = read_selector(object_of(selector), "nodeSelector");
  return read ? "accepted" : read.error().text;
}

}  // namespace

TEST_GROUP(Labels){};

TEST(Labels, every_requirement_must_hold) {
  const Labels node{{"pool", "build"}, {"zone", "a"}};
  CHECK(read_selector(nlohmann::json(), "x")->selects(node));
  CHECK(selects("{matchLabels: {pool: build, zone: a}}", node));
  CHECK_FALSE(selects("{matchLabels: {pool: build, zone: b}}", node));
  CHECK(selects("{matchExpressions: [{key: pool, operator: In, values: [game, build]}]}", node));
  CHECK_FALSE(selects("{matchExpressions: [{key: pool, operator: NotIn, values: [build]}]}", node));
  CHECK(selects("{matchExpressions: [{key: gpu, operator: NotIn, values: [yes]}]}", node));
  CHECK(selects("{matchExpressions: [{key: gpu, operator: DoesNotExist}, {key: pool, operator: Exists}]}", node));
  CHECK_FALSE(selects("{matchExpressions: [{key: gpu, operator: Exists}]}", node));
  CHECK_FALSE(selects("{matchExpressions: [{key: pool, operator: DoesNotExist}]}", node));
}

TEST(Labels, wrong_selectors) {
  STRCMP_EQUAL("nodeSelector: unknown field \"matchLabel\"; known are matchLabels, matchExpressions",
               error_of("{matchLabel: {}}").c_str());
  STRCMP_EQUAL("nodeSelector.matchLabels: the value of \"a\" must be a string",
               error_of("{matchLabels: {a: 1}}").c_str());
  STRCMP_EQUAL("nodeSelector.matchExpressions[0]: values are for In and NotIn, and not empty there",
               error_of("{matchExpressions: [{key: a, operator: In}]}").c_str());
  STRCMP_EQUAL("nodeSelector.matchExpressions[0]: operator is \"Gt\"; known are In, NotIn, Exists, DoesNotExist",
               error_of("{matchExpressions: [{key: a, operator: Gt, values: [b]}]}").c_str());
}
