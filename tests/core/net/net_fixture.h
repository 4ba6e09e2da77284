#pragma once

#include <optional>
#include <string>

#include "core/net/http.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/fakes/http_server.h"

namespace schedkit {

using fakes::HttpServer;
using fakes::Reply;
using fakes::ServedRequest;

// A client on a loop, and one transfer's outcome.
struct NetFixture {
  Loop loop;
  std::optional<HttpClient> http{std::in_place, loop};
  std::unique_ptr<HttpTransfer> transfer;
  std::optional<Result<HttpAnswer>> answer;
  std::string body;

  HttpHandlers keep() {
    return {.on_done = [this](Result<HttpAnswer> got) { answer = std::move(got); }};
  }
  Result<HttpAnswer>& run(HttpRequest request, HttpHandlers handlers) {
    answer.reset();
    request.plain_http = true;
    transfer = http->start(std::move(request), std::move(handlers));
    run_until(loop, [this] { return answer.has_value(); });
    return *answer;
  }
  Result<HttpAnswer>& get(const std::string& url) { return run({.url = url}, keep()); }
};

}  // namespace schedkit
