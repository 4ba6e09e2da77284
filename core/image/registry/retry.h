// When a request is worth another try, and how long to wait. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

struct RetryPolicy {
  unsigned tries = 3;  // the first one included
  Duration wait = std::chrono::seconds(1);
  unsigned factor = 3;      // each wait is this many times the one before …
  double jitter = 0.1;      // … and up to this part longer
  unsigned busy_tries = 5;  // the same for 429, without Retry-After
  Duration busy_wait = std::chrono::seconds(2);
  unsigned busy_factor = 2;
  Duration longest_wait = std::chrono::seconds(60);  // whatever Retry-After says

  // Downloads that broke are continued as long as they advance (the rules of containers/image): after the first break,
  // when `resume_bytes` came since the last, or `resume_time` passed.
  std::uint64_t resume_bytes = 1u << 20;
  Duration resume_time = std::chrono::seconds(60);

  bool operator==(const RetryPolicy&) const = default;
};

bool retryable_status(int status);
// Of a transfer that gave no answer.
bool retryable(const Error& error);

// "120" or an HTTP date (RFC 9110, 10.2.3); nullopt when it is neither. Never negative.
std::optional<Duration> parse_retry_after(std::string_view text, WallTime now);

// How long to wait before the next try after `failed` tries; nullopt when it was the last one. `busy`: the answer was
// 429. `random` in [0, 1).
std::optional<Duration> retry_wait(const RetryPolicy& policy, unsigned failed, bool busy,
                                   std::optional<Duration> retry_after, double random);

}  // namespace schedkit
