#pragma once

#include <functional>

#include "core/base/clock.h"

namespace schedkit {

struct BackoffPolicy {
  Duration first = std::chrono::milliseconds(800);
  Duration longest = std::chrono::seconds(30);  // before jitter
  Duration calm = std::chrono::minutes(2);      // without a failure for so long it starts anew
};

// How long to wait after a failure: twice as long each time, and up to twice that at random, so that a thousand nodes
// do not come back at once. Pure.
class Backoff {
 public:
  // `random` gives [0, 1).
  Backoff(BackoffPolicy policy, std::function<double()> random) : policy_(policy), random_(std::move(random)) {}

  Duration after_failure(Instant now);

 private:
  BackoffPolicy policy_;
  std::function<double()> random_;
  Duration next_{0};
  Instant until_{};  // the failure before, and its wait
};

}  // namespace schedkit
