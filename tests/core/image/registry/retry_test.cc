#include "core/image/registry/retry.h"

// Last: its macro for new breaks standard headers.
#include <CppUTest/TestHarness.h>

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(RegistryRetry) {
  RetryPolicy policy;
  // Without jitter.
  std::optional<Duration> wait(unsigned failed, bool busy = false, std::optional<Duration> told = std::nullopt) {
    return retry_wait(policy, failed, busy, told, 0);
  }
};

TEST(RegistryRetry, waits_grow_and_end) {
  CHECK(wait(1) == Duration(1s));
  CHECK(wait(2) == Duration(3s));
  CHECK(wait(3) == std::nullopt);
  CHECK(wait(1, true) == Duration(2s));
  CHECK(wait(4, true) == Duration(16s));
  CHECK(wait(5, true) == std::nullopt);
  CHECK(retry_wait(policy, 1, false, std::nullopt, 0.5) == Duration(1050ms));
}

TEST(RegistryRetry, what_the_registry_says_counts_but_not_for_ever) {
  CHECK(wait(1, true, 7s) == Duration(7s));
  CHECK(wait(1, true, 1h) == Duration(60s));
  CHECK(wait(5, true, 1s) == std::nullopt);
}

TEST(RegistryRetry, reads_both_forms_of_retry_after) {
  const WallTime now(std::chrono::seconds(784111777));  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(parse_retry_after(" 120 ", now) == Duration(120s));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:00 GMT", now) == Duration(23s));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now) == Duration(0s));
  CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now).value_or(0s) > 24h);
  CHECK(parse_retry_after("Mon, 01 Jan 1601 00:00:00 GMT", now) == Duration(0s));
  CHECK(parse_retry_after("99999999999999", now) == Duration(24h));
  for (const char* wrong : {"", "-1", "soon", "Sun, 06 Nov 1994 08:50:00 CET", "1.5", "99999999999999999999999"}) {
    CHECK_TEXT(!parse_retry_after(wrong, now), wrong);
  }
}
