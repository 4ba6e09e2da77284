// The time after an attach during which a scheduler has to prove itself: it is over when nothing bad was told. Exits
// and ejections are the switcher's to see; here is the time, and the CPU pressure: more than the limit and more than
// before the switch, within two seconds, is too much.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/sched/cpu_pressure.h"

namespace schedkit {

class Probation {
 public:
  // `failed` is called from a later turn, once per probation, with the reason.
  Probation(const Clock& clock, CpuPressure& pressure, std::function<void(std::string why)> failed);

  // Remembers how things are, just before the present scheduler is let go. 0: the pressure is of no interest.
  void take_baseline(double limit);
  // Returns what could not be watched.
  Result<void> begin(Duration length);
  void end();

  bool active() const { return until_.has_value(); }
  std::optional<Instant> until() const { return until_; }
  // Its time is over: the scheduler passed.
  bool passed() const { return until_ && *until_ <= clock_.now(); }

 private:
  const Clock& clock_;
  CpuPressure& pressure_;
  const std::function<void(std::string why)> failed_;
  double limit_ = 0;
  double baseline_ = 0;
  std::optional<Instant> until_;
};

}  // namespace schedkit
