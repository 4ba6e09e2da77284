#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "core/sched/cpu_pressure.h"

namespace schedkit::fakes {

class FakeCpuPressure final : public CpuPressure {
 public:
  std::optional<double> recent() const override { return share; }
  Result<void> watch(double limit, Duration, std::function<void()> above) override {
    if (error) return fail(*error);
    watched = limit;
    above_ = std::move(above);
    return {};
  }
  void unwatch() override {
    watched.reset();
    above_ = nullptr;
  }
  // The kernel's trigger fires.
  void rise() {
    const auto above = above_;
    if (above) above();
  }

  std::optional<double> share = 0.1;
  std::optional<double> watched;
  std::optional<Error> error;

 private:
  std::function<void()> above_;
};

}  // namespace schedkit::fakes
