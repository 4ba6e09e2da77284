#include "core/policy/dwell.h"

namespace schedkit {

namespace {

bool is_automatic(Cause cause) { return cause == Cause::rule || cause == Cause::default_choice; }

}  // namespace

Dwell::Step Dwell::consider(const Decision* present, const Decision& wanted, Instant now, Duration dwell) {
  waits_ = false;
  if (present != nullptr && same_program(wanted.choice, present->choice)) {
    return wanted.cause == present->cause && wanted.rule == present->rule ? Step::stay : Step::retell;
  }
  if (!is_automatic(wanted.cause)) return Step::change;
  if (present != nullptr && not_before_ && now < *not_before_) {
    waits_ = true;
    return Step::wait;
  }
  not_before_ = now + dwell;
  return Step::change;
}

}  // namespace schedkit
