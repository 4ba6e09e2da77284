#include "core/net/http.h"

#include <atomic>
#include <thread>

#include "tests/core/net/net_fixture.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

namespace {

Reply text(std::string body, int status = 200) { return {.status = status, .body = std::move(body)}; }

class Upload final : public HttpUpload {
 public:
  std::optional<std::uint64_t> size() const override { return whole.size(); }
  Result<std::optional<std::size_t>> read(char* buffer, std::size_t room) override {
    if (broken) return fail(Errc::io, "the file went away");
    if (at >= ready) {
      starved = true;
      return ready == whole.size() ? std::optional<std::size_t>(0) : std::nullopt;
    }
    const std::size_t piece = std::min(room, ready - at);
    whole.copy(buffer, piece, at);
    at += piece;
    return std::optional(piece);
  }

  std::string whole;
  std::size_t ready = 0;
  std::size_t at = 0;
  bool starved = false;
  bool broken = false;
};

}  // namespace

TEST_GROUP(Http) {
  NetFixture net;

  void check_error(Result<HttpAnswer> & answer, Errc code, const char* part) {
    CHECK_FALSE(answer.has_value());
    STRCMP_CONTAINS(part, answer.error().text.c_str());
    STRCMP_EQUAL(std::string(to_string(code)).c_str(), std::string(to_string(answer.error().code)).c_str());
  }
};

TEST(Http, an_answer_has_status_headers_and_body) {
  HttpServer server([](const ServedRequest&) {
    return Reply{.status = 404, .headers = {{"X-One", " a "}, {"x-one", "b"}, {"Empty", ""}}, .body = "no such thing"};
  });
  auto& answer = net.get(server.url() + "/a?b=c");
  CHECK_TRUE(answer.has_value());
  LONGS_EQUAL(404, answer->status);
  STRCMP_EQUAL("no such thing", answer->body.c_str());
  STRCMP_EQUAL("a", std::string(answer->header("x-one")).c_str());
  LONGS_EQUAL(2, answer->all("x-one").size());
  STRCMP_EQUAL("", std::string(answer->header("missing")).c_str());
  STRCMP_EQUAL((server.url() + "/a?b=c").c_str(), answer->url.c_str());
  STRCMP_EQUAL("/a?b=c", server.requests()[0].target.c_str());
}

TEST(Http, what_we_send_is_what_was_asked_for) {
  HttpServer server([](const ServedRequest&) { return text(""); });
  net.run({.method = "PATCH",
           .url = server.url() + "/x",
           .headers = {{"Accept", "a/b, c/d"}, {"X-Empty", ""}, {"Content-Type", "t/t"}},
           .body = std::string("body\0with NUL", 13)},
          net.keep());
  const auto request = server.requests()[0];
  STRCMP_EQUAL("PATCH", request.method.c_str());
  STRCMP_EQUAL("a/b, c/d", request.header("accept").c_str());
  STRCMP_EQUAL("t/t", request.header("content-type").c_str());
  LONGS_EQUAL(1, request.headers.count("x-empty"));
  STRCMP_CONTAINS("schedkit/", request.header("user-agent").c_str());
  LONGS_EQUAL(0, request.headers.count("accept-encoding"));
  LONGS_EQUAL(0, request.headers.count("expect"));
  LONGS_EQUAL(13, request.body.size());
}

TEST(Http, empty_posts_and_deletes_are_sent) {
  HttpServer server([](const ServedRequest&) { return text("", 202); });
  LONGS_EQUAL(202, net.run({.method = "POST", .url = server.url() + "/"}, net.keep())->status);
  LONGS_EQUAL(202, net.run({.method = "DELETE", .url = server.url() + "/"}, net.keep())->status);
  STRCMP_EQUAL("0", server.requests()[0].header("content-length").c_str());
  STRCMP_EQUAL("DELETE", server.requests()[1].method.c_str());
}

TEST(Http, head_has_no_body_and_no_body_limit) {
  HttpServer server([](const ServedRequest&) { return Reply{.announced = 1L << 40}; });
  auto& answer = net.run({.method = "HEAD", .url = server.url() + "/"}, net.keep());
  CHECK_TRUE(answer.has_value());
  STRCMP_EQUAL("1099511627776", std::string(answer->header("content-length")).c_str());
}

TEST(Http, connections_are_used_again) {
  HttpServer server([](const ServedRequest&) { return text("x"); });
  for (int i = 0; i < 3; ++i) net.get(server.url() + "/");
  LONGS_EQUAL(1, server.connections());
}

TEST(Http, many_transfers_share_a_limited_number_of_connections) {
  HttpServer server([](const ServedRequest& request) { return text(request.target); });
  net.http.emplace(net.loop, HttpClientOptions{.connections = 2});
  std::vector<std::unique_ptr<HttpTransfer>> transfers;
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    transfers.push_back(net.http->start({.url = server.url() + "/" + std::to_string(i), .plain_http = true},
                                        {.on_done = [&, i](Result<HttpAnswer> answer) {
                                          CHECK_TRUE(answer.has_value());
                                          STRCMP_EQUAL(("/" + std::to_string(i)).c_str(), answer->body.c_str());
                                          ++done;
                                        }}));
  }
  run_until(net.loop, [&] { return done == 20; });
  LONGS_EQUAL(20, done);
  CHECK_TRUE(server.connections() <= 2);
}

TEST(Http, a_body_is_streamed_after_its_head) {
  const std::string whole(3'000'000, 'x');
  HttpServer server([&](const ServedRequest&) { return text(whole); });
  bool head = false;
  auto handlers = net.keep();
  handlers.on_head = [&](const HttpHead& got) -> Result<void> {
    head = got.status == 200 && net.body.empty();
    return {};
  };
  handlers.on_body = [&](std::string_view bytes) -> Result<HttpFlow> {
    CHECK_TRUE(bytes.size() <= 16384);
    net.body.append(bytes);
    return HttpFlow::more;
  };
  auto& answer = net.run({.url = server.url() + "/", .body_limit = whole.size()}, handlers);
  CHECK_TRUE(answer.has_value());
  CHECK_TRUE(head);
  CHECK_TRUE(net.body == whole);
  LONGS_EQUAL(0, answer->body.size());
}

TEST(Http, a_paused_body_waits_for_resume_and_loses_nothing) {
  std::string whole;
  for (int i = 0; i < 400'000; ++i) whole += std::to_string(i);
  HttpServer server([&](const ServedRequest&) { return text(whole); });
  bool paused = false;
  int pauses = 0;
  auto handlers = net.keep();
  handlers.on_body = [&](std::string_view bytes) -> Result<HttpFlow> {
    CHECK_FALSE(paused);
    net.body.append(bytes);
    paused = true;
    ++pauses;
    return HttpFlow::pause;
  };
  net.transfer = net.http->start({.url = server.url() + "/", .plain_http = true, .body_limit = whole.size()}, handlers);
  const auto step = [&] { run_until(net.loop, [&] { return paused || net.answer; }); };
  step();
  const auto first = net.body.size();
  for (int i = 0; i < 50; ++i) net.loop.run_once(false);
  LONGS_EQUAL(first, net.body.size());
  while (!net.answer) {
    paused = false;
    net.transfer->resume();
    step();
  }
  CHECK_TRUE(net.answer->has_value());
  CHECK_TRUE(net.body == whole);
  CHECK_TRUE(pauses > 100);
}

TEST(Http, resuming_at_once_is_no_pause) {
  const std::string whole(1'000'000, 'y');
  HttpServer server([&](const ServedRequest&) { return text(whole); });
  auto handlers = net.keep();
  handlers.on_body = [&](std::string_view bytes) -> Result<HttpFlow> {
    net.body.append(bytes);
    net.transfer->resume();
    return HttpFlow::pause;
  };
  CHECK_TRUE(net.run({.url = server.url() + "/"}, handlers).has_value());
  LONGS_EQUAL(whole.size(), net.body.size());
}

TEST(Http, an_error_of_a_handler_ends_the_transfer_with_it) {
  HttpServer server([](const ServedRequest&) { return text("xyz"); });
  auto handlers = net.keep();
  handlers.on_head = [](const HttpHead&) -> Result<void> { return fail(Errc::unsupported, "not this head"); };
  check_error(net.run({.url = server.url() + "/"}, handlers), Errc::unsupported, "not this head");
  handlers = net.keep();
  handlers.on_body = [](std::string_view) -> Result<HttpFlow> { return fail(Errc::integrity, "not this body"); };
  check_error(net.run({.url = server.url() + "/"}, handlers), Errc::integrity, "not this body");
}

TEST(Http, bodies_beyond_the_limit_are_refused) {
  HttpServer server([](const ServedRequest& request) {
    if (request.target == "/announced") return text(std::string(1001, 'x'));
    return Reply{.body = std::string(100, 'x'), .endless = true};
  });
  check_error(net.run({.url = server.url() + "/announced", .body_limit = 1000}, net.keep()), Errc::limit, "1001 B");
  check_error(net.run({.url = server.url() + "/endless", .body_limit = 1000}, net.keep()), Errc::limit, "more than");
}

TEST(Http, endless_headers_are_refused) {
  HttpServer server([](const ServedRequest&) {
    std::string raw = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 10'000; ++i) raw += "X-Header: " + std::string(60, 'h') + "\r\n";
    return Reply{.raw = raw};
  });
  check_error(net.get(server.url() + "/"), Errc::limit, "of headers");
}

TEST(Http, redirects_are_followed_up_to_a_number) {
  HttpServer server([](const ServedRequest& request) {
    const int left = std::stoi(request.target.substr(1));
    if (left == 0) return text("here");
    return Reply{.status = 307, .headers = {{"Location", "/" + std::to_string(left - 1)}}, .body = "elsewhere"};
  });
  auto& answer = net.get(server.url() + "/10");
  STRCMP_EQUAL("here", answer->body.c_str());
  STRCMP_EQUAL((server.url() + "/0").c_str(), answer->url.c_str());
  check_error(net.get(server.url() + "/11"), Errc::limit, "redirects");
  LONGS_EQUAL(307, net.run({.url = server.url() + "/1", .redirects = 0}, net.keep())->status);
}

TEST(Http, authorization_does_not_follow_to_another_port) {
  HttpServer other([](const ServedRequest&) { return text("blob"); });
  HttpServer server([&](const ServedRequest& request) {
    if (request.target == "/same") return text("same");
    return Reply{.status = 307, .headers = {{"Location", request.target == "/a" ? other.url() + "/b" : "/same"}}};
  });
  const HttpHeader secret{"Authorization", "Bearer secret"};
  CHECK_TRUE(net.run({.url = server.url() + "/a", .headers = {secret}}, net.keep()).has_value());
  CHECK_TRUE(net.run({.url = server.url() + "/c", .headers = {secret}}, net.keep()).has_value());
  STRCMP_EQUAL("", other.requests()[0].header("authorization").c_str());
  STRCMP_EQUAL("Bearer secret", server.requests()[2].header("authorization").c_str());
}

TEST(Http, plain_http_and_other_protocols_are_refused_where_not_allowed) {
  const auto identity = fakes::make_identity();
  HttpServer server(
      [](const ServedRequest& request) {
        return Reply{.status = 302, .headers = {{"Location", request.target.substr(1)}}};
      },
      &identity);
  const auto get = [&](const std::string& url) -> Result<HttpAnswer>& {
    net.answer.reset();
    net.transfer = net.http->start({.url = url, .tls = {.authorities = identity.certificate}}, net.keep());
    run_until(net.loop, [this] { return net.answer.has_value(); });
    return *net.answer;
  };
  check_error(get("http://127.0.0.1:1/"), Errc::denied, "plain http is not allowed");
  check_error(get(server.url() + "/http://127.0.0.1:1/x"), Errc::denied, "plain http is not allowed");
  check_error(get(server.url() + "/file:///etc/passwd"), Errc::denied, "file");
  check_error(get(server.url() + "/https://user:password@127.0.0.1:1/x"), Errc::denied, "");
  check_error(get("https://u:p@127.0.0.1:1/"), Errc::denied, "");
}

TEST(Http, certificates_are_verified) {
  const auto identity = fakes::make_identity();
  const auto stranger = fakes::make_identity();
  HttpServer server([](const ServedRequest&) { return text("secret"); }, &identity);
  const auto get = [&](Tls tls) -> Result<HttpAnswer>& {
    return net.run({.url = server.url() + "/", .tls = std::move(tls)}, net.keep());
  };
  check_error(get({}), Errc::integrity, "certificate");
  check_error(get({.authorities = stranger.certificate}), Errc::integrity, "certificate");
  check_error(get({.authorities = stranger.certificate, .system_authorities = false}), Errc::integrity, "certificate");
  STRCMP_EQUAL("secret", get({.authorities = identity.certificate})->body.c_str());
  STRCMP_EQUAL("secret", get({.authorities = identity.certificate, .system_authorities = false})->body.c_str());
  STRCMP_EQUAL("secret", get({.insecure = true})->body.c_str());
  // What was opened without care is not used by those who care.
  check_error(get({}), Errc::integrity, "certificate");
}

TEST(Http, broken_answers_are_errors) {
  HttpServer server([](const ServedRequest& request) -> Reply {
    if (request.target == "/short") return {.body = "12345", .announced = 10, .after = Reply::After::close};
    if (request.target == "/reset") return {.body = "12345", .announced = 10, .after = Reply::After::reset};
    if (request.target == "/nothing") return {.raw = "\r\n", .after = Reply::After::close};
    return {.raw = "SSH-2.0-OpenSSH\r\n", .after = Reply::After::close};
  });
  check_error(net.get(server.url() + "/short"), Errc::io, "5 bytes remaining");
  check_error(net.get(server.url() + "/reset"), Errc::io, "");
  check_error(net.get(server.url() + "/nothing"), Errc::io, "");
  check_error(net.get(server.url() + "/ssh"), Errc::io, "");
}

// A reset may be seen together with the bytes before it; what came is worth keeping, a download goes on from there.
TEST(Http, what_came_before_a_reset_is_not_lost) {
  HttpServer server([](const ServedRequest&) {
    return Reply{.body = std::string(40000, 'x'), .announced = 80000, .after = Reply::After::reset};
  });
  net.transfer = net.http->start({.url = server.url(), .plain_http = true},
                                 {.on_body = [&](std::string_view piece) -> Result<HttpFlow> {
                                    net.body += piece;
                                    return HttpFlow::more;
                                  },
                                  .on_done = [&](Result<HttpAnswer> got) { net.answer = std::move(got); }});
  run_until(net.loop, [&] { return !server.requests().empty(); });
  while (server.ended() == 0) std::this_thread::yield();  // all of it is here before the client looks again
  run_until(net.loop, [&] { return net.answer.has_value(); });
  check_error(*net.answer, Errc::io, "reset");
  LONGS_EQUAL(40000, net.body.size());
}

TEST(Http, nobody_there_is_an_error) {
  std::string url;
  {
    HttpServer server([](const ServedRequest&) { return text(""); });
    url = server.url();
  }
  check_error(net.get(url + "/x?secret=1"), Errc::io, "Couldn't connect");
  CHECK_TRUE(net.answer->error().text.find("secret") == std::string::npos);
}

TEST(Http, a_silent_server_ends_by_timeout) {
  HttpServer server(
      [](const ServedRequest&) { return Reply{.raw = "HTTP/1.1 200 OK\r\n", .after = Reply::After::hold}; });
  check_error(net.run({.url = server.url() + "/", .total_timeout = 50ms}, net.keep()), Errc::timeout, "");
}

TEST(Http, a_server_that_drips_is_too_slow) {
  HttpServer server(
      [](const ServedRequest&) { return Reply{.body = "drip", .announced = 1000, .after = Reply::After::hold}; });
  check_error(net.run({.url = server.url() + "/", .low_speed = 1000, .low_speed_time = 1s}, net.keep()), Errc::timeout,
              "slow");
}

TEST(Http, requests_that_cannot_be_sent_are_refused_later) {
  check_error(net.get("https:// /"), Errc::invalid, "");
  check_error(net.run({.url = "http://127.0.0.1:1/", .headers = {{"A", "x\r\nB: y"}}}, net.keep()), Errc::invalid,
              "\"A\"");
  check_error(net.run({.url = "http://127.0.0.1:1/", .headers = {{"A b", "x"}}}, net.keep()), Errc::invalid, "header");
  check_error(net.run({.method = "GET / HTTP/1.1\r\nX:", .url = "http://127.0.0.1:1/"}, net.keep()), Errc::invalid,
              "method");
}

TEST(Http, an_upload_waits_for_what_is_not_there_yet) {
  HttpServer server([](const ServedRequest&) { return text("", 201); });
  Upload upload;
  upload.whole = std::string(2'000'000, 'u');
  upload.ready = 1'000'000;
  net.transfer =
      net.http->start({.method = "PUT", .url = server.url() + "/", .upload = &upload, .plain_http = true}, net.keep());
  run_until(net.loop, [&] { return upload.starved; });
  CHECK_FALSE(net.answer.has_value());
  upload.ready = upload.whole.size();
  net.transfer->resume();
  run_until(net.loop, [&] { return net.answer.has_value(); });
  LONGS_EQUAL(201, (*net.answer)->status);
  CHECK_TRUE(server.requests()[0].body == upload.whole);
}

TEST(Http, an_upload_that_fails_ends_the_transfer) {
  HttpServer server([](const ServedRequest&) { return text(""); });
  Upload upload;
  upload.whole = "x";
  upload.broken = true;
  check_error(net.run({.method = "PUT", .url = server.url() + "/", .upload = &upload}, net.keep()), Errc::io,
              "went away");
}
