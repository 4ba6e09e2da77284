// Transfers may be destroyed, started and resumed from everywhere.
#include "core/loop/timer.h"
#include "core/net/http.h"
#include "tests/core/net/net_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(HttpCancel) {
  NetFixture net;
  HttpServer server{[](const ServedRequest& request) -> Reply {
    if (request.target == "/silent") return {.raw = "HTTP/1.1 200 OK\r\n", .after = Reply::After::hold};
    if (request.target == "/endless") return {.body = std::string(1000, 'e'), .endless = true};
    return {.body = "body"};
  }};

  std::unique_ptr<HttpTransfer> start(const std::string& path, HttpHandlers handlers) {
    return net.http->start({.url = server.url() + path, .plain_http = true, .body_limit = 1u << 30},
                           std::move(handlers));
  }
  HttpHandlers must_not_end() {
    return {.on_done = [](Result<HttpAnswer>) { FAIL("a cancelled transfer was told to be done"); }};
  }
  // The client goes on working.
  void check_alive() { STRCMP_EQUAL("body", net.get(server.url() + "/")->body.c_str()); }
};

TEST(HttpCancel, before_anything_happened) {
  start("/", must_not_end()).reset();
  check_alive();
}

TEST(HttpCancel, while_the_answer_is_awaited) {
  auto silent = start("/silent", must_not_end());
  run_until(net.loop, [&] { return server.count("GET", "/silent") == 1; });
  silent.reset();
  check_alive();
}

TEST(HttpCancel, from_its_own_head) {
  auto handlers = must_not_end();
  std::unique_ptr<HttpTransfer> own;
  bool cancelled = false;
  const std::string captured(100, 'c');
  handlers.on_head = [&, captured](const HttpHead&) -> Result<void> {
    own.reset();
    cancelled = captured[99] == 'c';
    return {};
  };
  handlers.on_body = [](std::string_view) -> Result<HttpFlow> {
    FAIL("a body after the cancel");
    return HttpFlow::more;
  };
  own = start("/", handlers);
  run_until(net.loop, [&] { return cancelled; });
  check_alive();
}

TEST(HttpCancel, from_its_own_body_whatever_it_returns) {
  for (const HttpFlow flow : {HttpFlow::more, HttpFlow::pause}) {
    auto handlers = must_not_end();
    std::unique_ptr<HttpTransfer> own;
    int pieces = 0;
    handlers.on_body = [&](std::string_view) -> Result<HttpFlow> {
      if (++pieces == 3) own.reset();
      return pieces == 3 ? flow : HttpFlow::more;
    };
    own = start("/endless", handlers);
    run_until(net.loop, [&] { return pieces == 3; });
    check_alive();
    LONGS_EQUAL(3, pieces);
  }
}

TEST(HttpCancel, from_its_own_end) {
  std::unique_ptr<HttpTransfer> own;
  bool done = false;
  const std::string captured(100, 'c');
  own = start("/", {.on_done = [&, captured](Result<HttpAnswer>) {
                own.reset();
                done = captured[99] == 'c';
              }});
  run_until(net.loop, [&] { return done; });
  check_alive();
}

TEST(HttpCancel, others_from_a_body_and_from_an_end) {
  auto silent = start("/silent", must_not_end());
  auto endless_handlers = must_not_end();
  bool paused = false;
  endless_handlers.on_body = [&](std::string_view) -> Result<HttpFlow> {
    paused = true;
    return HttpFlow::pause;
  };
  auto endless = start("/endless", endless_handlers);
  run_until(net.loop, [&] { return paused && server.count("GET", "/silent") == 1; });
  auto handlers = net.keep();
  handlers.on_body = [&](std::string_view) -> Result<HttpFlow> {
    silent.reset();
    return HttpFlow::more;
  };
  handlers.on_done = [&](Result<HttpAnswer> answer) {
    endless.reset();
    net.answer = std::move(answer);
  };
  auto last = start("/", handlers);
  run_until(net.loop, [&] { return net.answer.has_value(); });
  CHECK_TRUE(net.answer->has_value());
  check_alive();
}

TEST(HttpCancel, two_that_end_in_the_same_turn_may_cancel_each_other) {
  std::unique_ptr<HttpTransfer> first;
  std::unique_ptr<HttpTransfer> second;
  int done = 0;
  first = net.http->start({.url = "bad url"}, {.on_done = [&](Result<HttpAnswer>) {
                            ++done;
                            second.reset();
                          }});
  second = net.http->start({.url = "bad url"}, {.on_done = [&](Result<HttpAnswer>) {
                             ++done;
                             first.reset();
                           }});
  run_until(net.loop, [&] { return done > 0; });
  net.loop.run();
  LONGS_EQUAL(1, done);
}

TEST(HttpCancel, new_ones_may_be_started_from_every_handler) {
  std::vector<std::unique_ptr<HttpTransfer>> more;
  int done = 0;
  const auto another = [&] { more.push_back(start("/", {.on_done = [&](Result<HttpAnswer>) { ++done; }})); };
  auto first = start("/", {.on_head = [&](const HttpHead&) -> Result<void> {
                             another();
                             return {};
                           },
                           .on_body = [&](std::string_view) -> Result<HttpFlow> {
                             another();
                             return HttpFlow::more;
                           },
                           .on_done =
                               [&](Result<HttpAnswer>) {
                                 another();
                                 ++done;
                               }});
  run_until(net.loop, [&] { return done == 4; });
  LONGS_EQUAL(4, done);
}

TEST(HttpCancel, a_waiting_one_takes_the_place_of_a_cancelled_one) {
  net.http.emplace(net.loop, HttpClientOptions{.connections = 1});
  auto silent = start("/silent", must_not_end());
  bool done = false;
  auto waiting = start("/", {.on_done = [&](Result<HttpAnswer>) { done = true; }});
  run_until(net.loop, [&] { return server.count("GET", "/silent") == 1; });
  LONGS_EQUAL(0, server.count("GET", "/"));
  silent.reset();
  run_until(net.loop, [&] { return done; });
  CHECK_TRUE(done);
}

TEST(HttpCancel, at_any_number_of_turns) {
  for (int turns = 0; turns < 30; ++turns) {
    auto transfer = start(turns % 2 == 0 ? "/" : "/endless", {.on_done = [](Result<HttpAnswer>) {}});
    for (int i = 0; i < turns; ++i) net.loop.run_once(false);
    transfer.reset();
  }
  check_alive();
}

TEST(HttpCancel, nothing_keeps_the_loop_running_afterwards) {
  check_alive();
  auto silent = start("/silent", must_not_end());
  run_until(net.loop, [&] { return server.count("GET", "/silent") == 1; });
  silent.reset();
  net.transfer.reset();
  net.http.reset();
  net.loop.run();
}
