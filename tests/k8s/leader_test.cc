#include "k8s/leader.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace std::chrono_literals;
using Kind = Leader::Action::Kind;

TEST_GROUP(Leader) {
  Leader one{{.identity = "one"}};
  Leader other{{.identity = "other"}};
  nlohmann::json lease;  // as the server has it
  Instant now{1h};
  WallTime wall{std::chrono::hours(24 * 365 * 50)};

  void pass(Duration time) {
    now += time;
    wall += time;
  }
  Kind look(Leader & who) {
    auto action = who.look(lease, now, wall);
    if (action.kind != Kind::nothing) {
      lease = std::move(action.lease);
      who.wrote(now);
    }
    return action.kind;
  }
};

TEST(Leader, the_first_makes_the_lease_and_leads) {
  CHECK_FALSE(one.leads(now));
  CHECK(look(one) == Kind::create);
  CHECK(one.leads(now));
  STRCMP_EQUAL("one", lease["spec"]["holderIdentity"].get<std::string>().c_str());
  STRCMP_EQUAL("2019-12-20T00:00:00.000000Z", lease["spec"]["renewTime"].get<std::string>().c_str());
  CHECK(look(other) == Kind::nothing);
  CHECK_FALSE(other.leads(now));
}

TEST(Leader, it_renews_and_keeps_it) {
  look(one);
  look(other);
  for (int i = 0; i < 20; ++i) {
    pass(3s);
    CHECK(look(one) == Kind::replace);
    CHECK(look(other) == Kind::nothing);
  }
  CHECK(one.leads(now));
  STRCMP_EQUAL("2019-12-20T00:00:00.000000Z", lease["spec"]["acquireTime"].get<std::string>().c_str());
  LONGS_EQUAL(0, lease["spec"]["leaseTransitions"].get<int>());
}

TEST(Leader, another_takes_over_after_the_lease_and_never_while_the_first_still_leads) {
  look(one);
  look(other);
  while (one.leads(now)) {
    CHECK(look(other) == Kind::nothing);
    pass(1s);
  }
  while (look(other) == Kind::nothing) pass(1s);
  CHECK(other.leads(now));
  CHECK(now >= Instant(1h + 15s));
  LONGS_EQUAL(1, lease["spec"]["leaseTransitions"].get<int>());
  CHECK(look(one) == Kind::nothing);
  CHECK_FALSE(one.leads(now));
}

TEST(Leader, clocks_of_machines_may_differ) {
  look(one);
  wall += 24h;  // the other's clock is a day ahead
  CHECK(look(other) == Kind::nothing);
  now += 14s;
  CHECK(look(other) == Kind::nothing);
}

TEST(Leader, one_that_was_given_up_is_taken_at_once) {
  look(one);
  lease["spec"]["holderIdentity"] = "";
  CHECK(look(other) == Kind::replace);
}

TEST(Leader, what_is_replaced_keeps_its_version) {
  lease = {{"metadata", {{"name", "sked-coordinator"}, {"resourceVersion", "7"}}}};
  CHECK(look(one) == Kind::replace);
  STRCMP_EQUAL("7", lease["metadata"]["resourceVersion"].get<std::string>().c_str());
}
