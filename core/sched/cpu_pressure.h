// Port to the machine's CPU pressure (Documentation/accounting/psi.rst): the share of time in which some task waited
// for a CPU. cpu_pressure_linux.h implements it; tests/fakes has another.
#pragma once

#include <functional>
#include <optional>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

class CpuPressure {
 public:
  virtual ~CpuPressure() = default;

  // The average over the last ten seconds, 0 to 1; nullopt when this kernel does not say.
  virtual std::optional<double> recent() const = 0;

  // Calls `above`, from later turns, whenever the share within `window` was above `share`, until unwatch(). One at a
  // time.
  virtual Result<void> watch(double share, Duration window, std::function<void()> above) = 0;
  virtual void unwatch() = 0;
};

}  // namespace schedkit
