#include "k8s/backoff.h"

#include <algorithm>

namespace schedkit {

Duration Backoff::after_failure(Instant now) {
  if (now > until_ + policy_.calm) next_ = Duration::zero();
  const auto wait = next_ == Duration::zero() ? policy_.first : next_;
  next_ = std::min(wait * 2, policy_.longest);
  const auto jittered = wait + std::chrono::duration_cast<Duration>(wait * random_());
  until_ = now + jittered;
  return jittered;
}

}  // namespace schedkit
