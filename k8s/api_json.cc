#include "k8s/api_json.h"

#include <algorithm>

#include "core/base/text.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

constexpr int most_levels = 64;
constexpr std::int64_t longest_retry_after = 600;
constexpr std::size_t longest_message = 500;

Errc kind_of(int status) {
  switch (status) {
    case 401:
    case 403: return Errc::denied;
    case 404: return Errc::not_found;
    case 409: return Errc::exists;
    case 429:
    case 503: return Errc::busy;
    case 408:
    case 504: return Errc::timeout;
    default: return status >= 400 && status < 500 ? Errc::invalid : Errc::failed;
  }
}

std::optional<Duration> seconds(std::int64_t count) {
  if (count < 0) return std::nullopt;
  return std::chrono::seconds(std::min(count, longest_retry_after));
}

ApiFailure failure_of_status(int code, const Json& status, const std::string& what) {
  ApiFailure failure{.status = code, .reason = text_at(status, {"reason"})};
  const auto message = text_at(status, {"message"});
  failure.error = {kind_of(code), fmt::format("{}: {}{}", what, code, message.empty() ? "" : " ")};
  if (!message.empty()) failure.error.text += quote(message, longest_message);
  if (!status.is_object()) return failure;
  const auto details = status.find("details");
  if (details == status.end() || !details->is_object()) return failure;
  const auto wait = details->find("retryAfterSeconds");
  if (wait != details->end() && wait->is_number_integer()) failure.retry_after = seconds(*wait);
  return failure;
}

tl::unexpected<Error> too_long() {
  return fail(Errc::limit, "a line of more than {}", format_size(longest_watch_line));
}

}  // namespace

Result<Json> parse_api_object(std::string_view text) {
  bool too_deep = false;
  const auto keep = [&too_deep](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > most_levels) too_deep = true;
    return !too_deep && (event != Json::parse_event_t::key || parsed != "managedFields");
  };
  auto object = Json::parse(text, keep, false);
  if (too_deep) return fail(Errc::invalid, "an object of more than {} levels", most_levels);
  if (!object.is_object()) return fail(Errc::invalid, "no JSON object: {}", quote(text, 80));
  return object;
}

ApiFailure failure_of_answer(int status, std::string_view body, std::string_view retry_after, const std::string& what) {
  const auto parsed = parse_api_object(body);
  auto failure = failure_of_status(status, parsed ? *parsed : Json(), what);
  if (const auto wait = parse_unsigned(retry_after)) {
    failure.retry_after = seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*wait, longest_retry_after)));
  }
  return failure;
}

ApiFailure failure_of_event(const Json& status, const std::string& what) {
  int code = 0;
  if (status.is_object()) {
    const auto found = status.find("code");
    if (found != status.end() && found->is_number_integer() && *found >= 100 && *found < 600) code = *found;
  }
  return failure_of_status(code == 0 ? 500 : code, status, what);
}

Result<void> WatchLines::feed(std::string_view bytes, const std::function<bool(std::string_view line)>& take) {
  for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
    const auto whole = std::exchange(rest_, {}).append(bytes.substr(0, end));
    bytes.remove_prefix(end + 1);
    if (whole.size() > longest_watch_line) return too_long();
    if (!trim(whole).empty() && !take(whole)) return {};  // we may be gone
  }
  if (rest_.size() + bytes.size() > longest_watch_line) return too_long();
  rest_.append(bytes);
  return {};
}

}  // namespace schedkit
