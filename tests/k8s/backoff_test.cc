#include "k8s/backoff.h"

#include "tests/k8s/helpers.h"

using namespace schedkit;
using namespace std::chrono_literals;

TEST_GROUP(Backoff){};

TEST(Backoff, doubles_up_to_its_limit_and_starts_anew_after_calm) {
  Backoff backoff({.first = 1s, .longest = 4s, .calm = 60s}, [] { return 0.0; });
  Instant now{1h};
  for (const Duration wait : {1s, 2s, 4s, 4s}) {
    CHECK(backoff.after_failure(now) == wait);
    now += wait;
  }
  now += 59s;
  CHECK(backoff.after_failure(now) == Duration(4s));
  now += 4s + 61s;
  CHECK(backoff.after_failure(now) == Duration(1s));
}

TEST(Backoff, jitter_adds_up_to_as_much_again) {
  Backoff backoff({.first = 1s, .longest = 4s, .calm = 60s}, [] { return 0.5; });
  CHECK(backoff.after_failure(Instant{1h}) == Duration(1500ms));
  CHECK(backoff.after_failure(Instant{1h}) == Duration(3s));
}
