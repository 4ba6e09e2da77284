#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// PSI triggers (Documentation/accounting/psi.rst): the kernel watches the pressure and wakes the loop at most once a
// window, and only when a trigger fires. One descriptor for each.
class PressureSource final : public TriggerSource {
 public:
  // `root` holds cpu, memory and io. `loop` must outlive it.
  explicit PressureSource(Loop& loop, std::string root = "/proc/pressure") : loop_(loop), root_(std::move(root)) {}
  ~PressureSource() override;

  // A trigger that the kernel refuses is left out and named in status(); Errc::unsupported when it refuses all because
  // it does not measure pressure.
  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  struct Trigger {
    UniqueFd fd;
    std::unique_ptr<FdWatch> watch;  // goes before fd
  };

  Result<Trigger> open(const PressureCondition& condition);
  void fired(const PressureCondition& condition, FdWatch::Ready ready);

  Loop& loop_;
  std::string root_;
  Sink sink_;
  std::map<PressureCondition, Trigger> triggers_;
  std::map<PressureCondition, std::string> refused_;
  std::uint64_t delivered_ = 0;
  std::uint64_t wakeups_ = 0;
};

}  // namespace schedkit
