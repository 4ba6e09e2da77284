// The kernel's word on the root scheduler, read without allocating or taking a lock that a stalled task may hold: the
// file stays open, and news come as uevents.
#pragma once

#include <array>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/sched/guard/guard_duty.h"

namespace schedkit {

// Whether `message` is the kernel's uevent about the root scheduler; `ops` becomes its name when the message has it.
bool is_root_scheduler_event(std::string_view message, std::string_view& ops);

class AttachedState {
 public:
  // Fails on a kernel without sched_ext.
  Result<void> open(const std::string& sysfs = "/sys/kernel/sched_ext");

  int uevents() const { return uevents_.get(); }
  // Takes the waiting uevents off the socket; true when one concerned the root scheduler, or some were lost.
  bool take_events();

  GuardDuty::Kernel read() const;
  // Name of the last scheduler that was attached.
  std::string_view ops() const;

 private:
  void remember(std::string_view ops);

  UniqueFd state_;
  UniqueFd uevents_;
  std::array<char, 128> ops_{};
};

}  // namespace schedkit
