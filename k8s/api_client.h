// The API server of a cluster as sked uses it: single calls and watches. A port, so that what decides is tested with a
// fake; http_api_client.h speaks HTTP.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

// What is asked; made by the functions of api_request.h.
struct ApiRequest {
  std::string method = "GET";
  std::string path;          // from the root, with its query: "/api/v1/nodes/n1"
  nlohmann::json body = {};  // null: none
  std::string content_type = "application/json";
  std::string accept = "application/json";
  Duration timeout = std::chrono::seconds(30);
};

// Why the API server did not do it.
struct ApiFailure {
  int status = 0;                            // of HTTP, or `code` of an ERROR event; 0: no answer
  std::string reason = {};                   // metav1.Status reason: "Expired", "AlreadyExists"; "" when it gave none
  std::optional<Duration> retry_after = {};  // what it asked for
  Error error = {};                          // for people: what was asked, what came
};

template <class T>
using ApiResult = tl::expected<T, ApiFailure>;

// A call or watch under way. Destroying it cancels: nothing is told any more. It may be destroyed by its own handler.
class ApiCall {
 public:
  virtual ~ApiCall() = default;
};

class ApiClient {
 public:
  // The object that came, or null when the body was empty. Fields "managedFields" are left out.
  using Done = std::function<void(ApiResult<nlohmann::json>)>;
  // One event of a watch: {"type", "object"}, parsed; ERROR events too.
  using OnEvent = std::function<void(nlohmann::json event)>;
  // The stream is over: cleanly, as after timeoutSeconds, or why. A line that is no JSON object or longer than 8 MiB is
  // an end with Errc::invalid or Errc::limit. A line that was cut off is dropped: it is asked for again by the
  // resourceVersion before it.
  using OnEnd = std::function<void(ApiResult<void>)>;

  virtual ~ApiClient() = default;

  // Handlers are called once (OnEvent any number of times), later, on the loop thread.
  [[nodiscard]] virtual std::unique_ptr<ApiCall> call(ApiRequest request, Done done) = 0;
  // `request` is one of watch_request(): nothing may come for its whole timeout, which is the hard end of a connection
  // that is dead without saying so.
  [[nodiscard]] virtual std::unique_ptr<ApiCall> watch(ApiRequest request, OnEvent on_event, OnEnd on_end) = 0;
};

}  // namespace schedkit
