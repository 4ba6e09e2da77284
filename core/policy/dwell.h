// The rule that keeps two automatic switches apart (`dwell`), for the daemon and for simulations.
#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/policy/decision.h"

namespace schedkit {

class Dwell {
 public:
  enum class Step {
    stay,    // nothing is new
    retell,  // the same program, for another reason
    wait,    // another program, but not before deadline(): ask again then
    change,  // another program, now
  };

  // What to do about `wanted` while `present` is followed (nullptr: nothing yet). A change that rules or the default
  // cause waits until `dwell` has passed since the one before; those of commands and holds neither wait nor count.
  Step consider(const Decision* present, const Decision& wanted, Instant now, Duration dwell);

  // The next automatic change does not wait.
  void forget() { not_before_.reset(); }
  // It waits until then.
  void resume(Instant not_before) { not_before_ = not_before; }

  std::optional<Instant> not_before() const { return not_before_; }
  // When one waits: until when.
  std::optional<Instant> deadline() const { return waits_ ? not_before_ : std::nullopt; }

 private:
  std::optional<Instant> not_before_;
  bool waits_ = false;
};

}  // namespace schedkit
