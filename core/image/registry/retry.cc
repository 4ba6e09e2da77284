#include "core/image/registry/retry.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <string>

#include "core/base/text.h"
#include "core/base/wall_time.h"

namespace schedkit {

bool retryable_status(int status) {
  constexpr std::array statuses{408, 429, 499, 500, 502, 503, 504, 522};
  return std::ranges::count(statuses, status) > 0;
}

bool retryable(const Error& error) { return error.code == Errc::io || error.code == Errc::timeout; }

std::optional<Duration> parse_retry_after(std::string_view text, WallTime now) {
  text = trim(text);
  if (auto seconds = parse_unsigned(text)) return std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86'400));
  std::tm parts{};
  const std::string date(text);
  const char* rest = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  return std::max(Duration::zero(), wall_time(::timegm(&parts)) - now);
}

std::optional<Duration> retry_wait(const RetryPolicy& policy, unsigned failed, bool busy,
                                   std::optional<Duration> retry_after, double random) {
  if (failed >= (busy ? policy.busy_tries : policy.tries)) return std::nullopt;
  if (retry_after) return std::min(*retry_after, policy.longest_wait);
  const auto first = busy ? policy.busy_wait : policy.wait;
  const double factor = std::pow(busy ? policy.busy_factor : policy.factor, failed - 1);
  const double nanoseconds = static_cast<double>(first.count()) * factor * (1 + policy.jitter * random);
  return std::min(Duration(static_cast<Duration::rep>(std::min(nanoseconds, 1e18))), policy.longest_wait);
}

}  // namespace schedkit
