#include "k8s/http_api_client.h"

#include <limits>

#include "core/loop/timer.h"
#include "k8s/api_json.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr Duration credentials_age = std::chrono::seconds(60);
constexpr std::uint64_t largest_answer = 64 << 20;
constexpr std::size_t largest_failure = 64 << 10;

}  // namespace

// One call or watch, with its second try.
class HttpApiClient::Exchange final : public ApiCall {
 public:
  // Without `on_event` it is a call.
  Exchange(HttpApiClient& client, ApiRequest request, OnEvent on_event, Done done)
      : client_(client),
        request_(std::move(request)),
        what_(request_.method + " " + request_.path.substr(0, request_.path.find('?'))),
        on_event_(std::move(on_event)),
        done_(std::move(done)),
        timer_(client.loop_) {
    start();
  }
  ~Exchange() override {
    if (gone_ != nullptr) *gone_ = true;
  }

 private:
  void start();
  HttpRequest http_request() const;
  Result<HttpFlow> take(std::string_view bytes);
  void answered(Result<HttpAnswer> answer);
  void finish(ApiResult<Json> result);
  ApiResult<Json> result_of(const HttpAnswer& answer);

  HttpApiClient& client_;
  ApiRequest request_;
  std::string what_;
  OnEvent on_event_;
  Done done_;
  Timer timer_;
  ClusterAccess used_;
  bool again_ = false;
  int status_ = 0;
  std::string body_;  // of a watch that was refused
  WatchLines lines_;
  bool* gone_ = nullptr;
  std::unique_ptr<HttpTransfer> transfer_;
};

void HttpApiClient::Exchange::start() {
  auto access = client_.access();
  if (!access) {
    timer_.set(Duration::zero(), [this, error = access.error()] {
      finish(tl::unexpected(ApiFailure{.error = with_context(error, what_)}));
    });
    return;
  }
  used_ = std::move(*access);
  status_ = 0;
  body_.clear();
  lines_ = {};
  HttpHandlers handlers;
  if (on_event_) {
    handlers.on_head = [this](const HttpHead& head) -> Result<void> {
      status_ = head.status;
      return {};
    };
    handlers.on_body = [this](std::string_view bytes) { return take(bytes); };
  }
  handlers.on_done = [this](Result<HttpAnswer> answer) { answered(std::move(answer)); };
  transfer_ = client_.http_.start(http_request(), std::move(handlers));
}

HttpRequest HttpApiClient::Exchange::http_request() const {
  HttpRequest http{.method = request_.method,
                   .url = used_.server + request_.path,
                   .headers = {{"Accept", request_.accept}},
                   .tls = used_.tls,
                   .redirects = 0,
                   .body_limit = on_event_ ? std::numeric_limits<std::uint64_t>::max() : largest_answer,
                   .total_timeout = request_.timeout,
                   .low_speed_time = Duration::zero()};
  if (!used_.token.empty()) http.headers.push_back({"Authorization", "Bearer " + used_.token});
  if (!request_.body.is_null()) {
    http.headers.push_back({"Content-Type", request_.content_type});
    http.body = request_.body.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  return http;
}

Result<HttpFlow> HttpApiClient::Exchange::take(std::string_view bytes) {
  if (status_ != 200) {
    body_.append(bytes.substr(0, largest_failure - std::min(largest_failure, body_.size())));
    return HttpFlow::more;
  }
  bool gone = false;
  gone_ = &gone;
  std::optional<Error> wrong;
  auto fed = lines_.feed(bytes, [&](std::string_view line) {
    auto event = parse_api_object(line);
    if (!event) {
      wrong = with_context(std::move(event.error()), what_);
      return false;
    }
    on_event_(std::move(*event));
    return !gone;
  });
  if (gone) return HttpFlow::more;
  gone_ = nullptr;
  if (wrong) return fail(std::move(*wrong));
  if (!fed) return fail(with_context(std::move(fed.error()), what_));
  return HttpFlow::more;
}

void HttpApiClient::Exchange::answered(Result<HttpAnswer> answer) {
  const bool not_believed = answer ? answer->status == 401 : answer.error().code == Errc::integrity;
  if (not_believed && !again_ && client_.changed_since(used_)) {
    again_ = true;
    return start();
  }
  if (!answer) return finish(tl::unexpected(ApiFailure{.error = std::move(answer.error())}));  // names the URL
  finish(result_of(*answer));
}

ApiResult<Json> HttpApiClient::Exchange::result_of(const HttpAnswer& answer) {
  if (answer.status < 200 || answer.status > 299) {
    const auto& body = on_event_ ? body_ : answer.body;
    return tl::unexpected(failure_of_answer(answer.status, body, answer.header("retry-after"), what_));
  }
  if (on_event_) {
    if (!lines_.has_rest()) return Json();
    return tl::unexpected(ApiFailure{.error = {Errc::io, what_ + ": the stream ended in the middle of a line"}});
  }
  if (answer.body.empty()) return Json();
  auto object = parse_api_object(answer.body);
  if (!object) return tl::unexpected(ApiFailure{.error = with_context(std::move(object.error()), what_)});
  return std::move(*object);
}

void HttpApiClient::Exchange::finish(ApiResult<Json> result) {
  const auto done = std::move(done_);
  done(std::move(result));  // we may be gone
}

HttpApiClient::HttpApiClient(Loop& loop, HttpClient& http, const ClusterCredentials& credentials, const Clock& clock)
    : loop_(loop), http_(http), credentials_(credentials), clock_(clock) {}

Result<ClusterAccess> HttpApiClient::access() {
  if (access_ && clock_.now() - read_at_ < credentials_age) return *access_;
  auto now = credentials_.read();
  // In the middle of an exchange of the files the old ones are the better guess; the server says when they are not.
  if (!now && access_) return *access_;
  if (!now) return fail(std::move(now.error()));
  read_at_ = clock_.now();
  access_ = std::move(*now);
  return *access_;
}

bool HttpApiClient::changed_since(const ClusterAccess& used) {
  auto now = credentials_.read();
  if (!now) return false;
  read_at_ = clock_.now();
  access_ = std::move(*now);
  return *access_ != used;
}

std::unique_ptr<ApiCall> HttpApiClient::call(ApiRequest request, Done done) {
  return std::make_unique<Exchange>(*this, std::move(request), nullptr, std::move(done));
}

std::unique_ptr<ApiCall> HttpApiClient::watch(ApiRequest request, OnEvent on_event, OnEnd on_end) {
  auto done = [end = std::move(on_end)](const ApiResult<Json>& result) {
    end(result ? ApiResult<void>() : tl::unexpected(result.error()));
  };
  return std::make_unique<Exchange>(*this, std::move(request), std::move(on_event), std::move(done));
}

}  // namespace schedkit
