// What the API server sends, read with distrust. Pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "k8s/api_client.h"

namespace schedkit {

constexpr std::size_t longest_watch_line = 8 << 20;

// One object. Members named "managedFields" are left out: they are most of what large objects weigh. Errc::invalid when
// it is no JSON object, or has more than 64 levels.
Result<nlohmann::json> parse_api_object(std::string_view text);

// From an answer whose status is no success, and its body, a metav1.Status if we are lucky. `what` was asked for;
// `retry_after` is the header's value.
ApiFailure failure_of_answer(int status, std::string_view body, std::string_view retry_after, const std::string& what);

// The same for the object of an ERROR event, whose HTTP status was 200.
ApiFailure failure_of_event(const nlohmann::json& status, const std::string& what);

// A stream cut into lines.
class WatchLines {
 public:
  // `take` gets each whole line without its end; false stops. Errc::limit for a line of more than longest_watch_line.
  Result<void> feed(std::string_view bytes, const std::function<bool(std::string_view line)>& take);
  // Whether the stream ended in the middle of a line.
  bool has_rest() const { return !rest_.empty(); }

 private:
  std::string rest_;
};

}  // namespace schedkit
