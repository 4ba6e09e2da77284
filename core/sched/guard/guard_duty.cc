#include "core/sched/guard/guard_duty.h"

namespace schedkit {

namespace {

// An attach that has not happened by then has failed.
constexpr Duration patience = std::chrono::seconds(10);

}  // namespace

void GuardDuty::announced(Instant now) {
  ours_ = true;
  expected_until_ = now + patience;
}

void GuardDuty::kernel(Kernel state) {
  if (kernel_ != Kernel::detached && state == Kernel::detached) ours_ = false;
  if (state == Kernel::attached) expected_until_.reset();
  kernel_ = state;
}

bool GuardDuty::watches(Instant now) const {
  return expects(now) || (kernel_ != Kernel::detached && (foreign_ || ours_));
}

}  // namespace schedkit
