#pragma once

#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/loop/loop.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// Source of cgroups by the best means that this machine allows: BPF programs, else inotify; status() of the latter says
// why. With no interest in cgroups nothing is loaded and nothing is open. Errc::unsupported where the unified hierarchy
// is not mounted.
class CgroupSource final : public TriggerSource {
 public:
  // `loop` and `clock` must outlive it.
  CgroupSource(Loop& loop, const Clock& clock, std::string mountinfo = "/proc/self/mountinfo")
      : loop_(loop), clock_(clock), mountinfo_(std::move(mountinfo)) {}

  Result<void> start(const Interests& interests, Sink sink) override;
  Result<void> watch(const Interests& interests) override;
  SourceStatus status() const override;

 private:
  Result<std::unique_ptr<TriggerSource>> best() const;

  Loop& loop_;
  const Clock& clock_;
  std::string mountinfo_;
  Sink sink_;
  std::unique_ptr<TriggerSource> source_;
};

}  // namespace schedkit
