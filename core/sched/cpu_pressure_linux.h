#pragma once

#include <memory>
#include <string>

#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/sched/cpu_pressure.h"

namespace schedkit {

// By a PSI trigger: the kernel wakes us when the share is exceeded, nothing is read meanwhile.
class LinuxCpuPressure final : public CpuPressure {
 public:
  explicit LinuxCpuPressure(Loop& loop, std::string path = "/proc/pressure/cpu")
      : loop_(loop), path_(std::move(path)) {}

  std::optional<double> recent() const override;
  Result<void> watch(double share, Duration window, std::function<void()> above) override;
  void unwatch() override;

 private:
  Loop& loop_;
  const std::string path_;
  UniqueFd trigger_;
  std::unique_ptr<FdWatch> watch_;  // after the descriptor: the watch goes first
};

// "some avg10=1.25 …" → 0.0125.
std::optional<double> parse_pressure(std::string_view text);

}  // namespace schedkit
