#include "k8s/http_api_client.h"

#include <mutex>
#include <optional>

#include "k8s/api_request.h"
#include "k8s/members.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/http_server.h"
#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace schedkit::fakes;
using namespace std::chrono_literals;

namespace {

class Credentials final : public ClusterCredentials {
 public:
  Result<ClusterAccess> read() const override {
    ++reads;
    if (broken) return fail(Errc::not_found, "no token");
    return access;
  }

  ClusterAccess access;
  bool broken = false;
  mutable int reads = 0;
};

const ServerIdentity& identity() {
  static const ServerIdentity made = make_identity();
  return made;
}

}  // namespace

TEST_GROUP(HttpApiClient) {
  Loop loop;
  std::optional<HttpClient> http{std::in_place, loop};
  FakeClock clock;
  Credentials credentials;
  std::optional<HttpApiClient> client{std::in_place, loop, *http, credentials, clock};
  std::unique_ptr<ApiCall> call;
  std::optional<ApiResult<nlohmann::json>> answer;
  std::vector<nlohmann::json> events;
  std::optional<ApiResult<void>> end;

  void setup() override { (void)identity(); }
  void teardown() override {
    call.reset();
    client.reset();
    http.reset();
    credentials.access = {};
    answer.reset();
    end.reset();
    events = {};
  }

  void believe(const HttpServer& server) {
    credentials.access = {server.url(), {.authorities = identity().certificate, .system_authorities = false}, "t1"};
  }
  ApiResult<nlohmann::json>& run(ApiRequest request) {
    answer.reset();
    call = client->call(std::move(request), [this](ApiResult<nlohmann::json> got) { answer = std::move(got); });
    CHECK(run_until(loop, [this] { return answer.has_value(); }));
    return *answer;
  }
  ApiResult<void>& run_watch(ApiRequest request) {
    end.reset();
    call = client->watch(
        std::move(request), [this](nlohmann::json event) { events.push_back(std::move(event)); },
        [this](ApiResult<void> got) { end = std::move(got); });
    CHECK(run_until(loop, [this] { return end.has_value(); }));
    return *end;
  }
};

TEST(HttpApiClient, a_call_carries_the_token_and_gives_the_object) {
  HttpServer server([](const ServedRequest&) { return Reply{.body = R"({"kind":"Node"})"}; }, &identity());
  believe(server);
  auto& got = run(create_request(resources::nodes(), {{"a", 1}}));
  STRCMP_EQUAL(R"({"kind":"Node"})", got->dump().c_str());
  const auto request = server.requests()[0];
  STRCMP_EQUAL("Bearer t1", request.header("authorization").c_str());
  STRCMP_EQUAL("application/json", request.header("content-type").c_str());
  STRCMP_EQUAL("application/json", request.header("accept").c_str());
  STRCMP_EQUAL(R"({"a":1})", request.body.c_str());
}

TEST(HttpApiClient, a_refusal_is_a_failure_with_its_status) {
  HttpServer server(
      [](const ServedRequest&) { return Reply{.status = 403, .body = R"({"reason":"Forbidden","message":"no"})"}; },
      &identity());
  believe(server);
  auto& got = run(get_request(resources::nodes(), "n1"));
  LONGS_EQUAL(403, got.error().status);
  STRCMP_EQUAL("GET /api/v1/nodes/n1: 403 \"no\"", got.error().error.text.c_str());
}

TEST(HttpApiClient, a_rotated_token_is_read_after_401_and_the_call_made_again) {
  HttpServer server(
      [](const ServedRequest& request) {
        return request.header("authorization") == "Bearer t2" ? Reply{.body = "{}"} : Reply{.status = 401};
      },
      &identity());
  believe(server);
  LONGS_EQUAL(401, run(get_request(resources::nodes(), "n1")).error().status);
  LONGS_EQUAL(1, server.requests().size());  // nothing else to try it with
  credentials.access.token = "t2";
  CHECK(run(get_request(resources::nodes(), "n1")).has_value());
  LONGS_EQUAL(3, server.requests().size());
}

TEST(HttpApiClient, credentials_are_read_again_after_a_minute) {
  HttpServer server([](const ServedRequest&) { return Reply{.body = "{}"}; }, &identity());
  believe(server);
  run(get_request(resources::nodes(), "n1"));
  run(get_request(resources::nodes(), "n1"));
  LONGS_EQUAL(1, credentials.reads);
  clock.advance(61s);
  credentials.access.token = "t2";
  run(get_request(resources::nodes(), "n1"));
  LONGS_EQUAL(2, credentials.reads);
  STRCMP_EQUAL("Bearer t2", server.requests()[2].header("authorization").c_str());
  // In the middle of an exchange of the files the old ones do.
  clock.advance(61s);
  credentials.broken = true;
  CHECK(run(get_request(resources::nodes(), "n1")).has_value());
}

TEST(HttpApiClient, a_rotated_authority_is_read_when_the_server_is_not_believed) {
  const auto old = make_identity();
  HttpServer server([](const ServedRequest&) { return Reply{.body = "{}"}; }, &identity());
  believe(server);
  credentials.access.tls.authorities = old.certificate;
  auto& refused = run(get_request(resources::nodes(), "n1"));
  CHECK(refused.error().error.code == Errc::integrity);
  LONGS_EQUAL(0, refused.error().status);
  credentials.access.tls.authorities = identity().certificate;
  CHECK(run(get_request(resources::nodes(), "n1")).has_value());
}

TEST(HttpApiClient, without_credentials_a_call_fails_later) {
  credentials.broken = true;
  auto& got = run(get_request(resources::nodes(), "n1"));
  STRCMP_EQUAL("GET /api/v1/nodes/n1: no token", got.error().error.text.c_str());
}

TEST(HttpApiClient, a_watch_tells_its_events_and_a_clean_end) {
  HttpServer server(
      [](const ServedRequest&) {
        return Reply{.body = "{\"type\":\"ADDED\",\"object\":{}}\n{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n",
                     .announced = -2,
                     .after = Reply::After::close};
      },
      &identity());
  believe(server);
  CHECK(run_watch(watch_request(resources::nodes(), "5", 300)).has_value());
  LONGS_EQUAL(2, events.size());
  STRCMP_EQUAL("ERROR", text_at(events[1], {"type"}).c_str());
}

TEST(HttpApiClient, a_watch_that_is_cut_or_garbled_is_a_failure) {
  int round = 0;
  HttpServer server(
      [&round](const ServedRequest&) -> Reply {
        const std::string good = "{\"type\":\"ADDED\",\"object\":{}}\n";
        switch (round++) {
          case 0: return {.body = good + "{\"type\":", .announced = -2, .after = Reply::After::close};
          case 1: return {.body = good + "nonsense\n" + good, .announced = -2, .after = Reply::After::close};
          case 2: return {.body = good + good, .cut = 40, .after = Reply::After::close};
          default: return {.status = 410, .body = R"({"reason":"Expired","message":"too old"})"};
        }
      },
      &identity());
  believe(server);
  const auto request = watch_request(resources::nodes(), "5", 300);
  STRCMP_EQUAL("GET /api/v1/nodes: the stream ended in the middle of a line",
               run_watch(request).error().error.text.c_str());
  STRCMP_EQUAL("GET /api/v1/nodes: no JSON object: \"nonsense\"", run_watch(request).error().error.text.c_str());
  CHECK(run_watch(request).error().error.code == Errc::io);
  LONGS_EQUAL(3, events.size());
  auto& expired = run_watch(request);
  LONGS_EQUAL(410, expired.error().status);
  STRCMP_EQUAL("Expired", expired.error().reason.c_str());
}

TEST(HttpApiClient, a_connection_that_says_nothing_more_is_given_up) {
  HttpServer server(
      [](const ServedRequest&) {
        return Reply{.body = "{\"type\":\"ADDED\",\"object\":{}}\n", .announced = 1000, .after = Reply::After::hold};
      },
      &identity());
  believe(server);
  auto request = watch_request(resources::nodes(), "5", 300);
  request.timeout = 300ms;
  CHECK(run_watch(request).error().error.code == Errc::timeout);
  LONGS_EQUAL(1, events.size());
}

TEST(HttpApiClient, a_watch_may_be_destroyed_by_its_own_event) {
  HttpServer server(
      [](const ServedRequest&) {
        const std::string line = "{\"type\":\"ADDED\",\"object\":{}}\n";
        return Reply{.body = line + line, .announced = -2, .after = Reply::After::close};
      },
      &identity());
  believe(server);
  call = client->watch(
      watch_request(resources::nodes(), "5", 300),
      [this](nlohmann::json event) {
        events.push_back(std::move(event));
        call.reset();
      },
      [this](ApiResult<void> got) { end = std::move(got); });
  CHECK(run_until(loop, [this] { return !events.empty(); }));
  while (loop.run_once(false)) {
    if (!call) break;
  }
  LONGS_EQUAL(1, events.size());
  CHECK_FALSE(end.has_value());
}
