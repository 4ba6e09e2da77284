// What the kernel logged about the end of a scheduler. There is no other place where a process that is not its owner
// can read why the kernel let a scheduler go (kernel/sched/ext.c, scx_disable_workfn):
//
//   sched_ext: BPF scheduler "NAME" disabled (REASON)
//   sched_ext: NAME: MESSAGE
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"

namespace schedkit {

class KernelWords {
 public:
  void forget();
  void add(const std::string& line, Instant now);

  // "runnable task stall; cs2[303] failed to run for 3.212s", empty while nothing was said.
  std::string reason() const;

  // Somebody in user space detached it: the hand-over itself, or its own process.
  bool by_user() const;
  // The kernel ended it for a change that it should be started again after: a CPU went on- or offline.
  bool by_restart() const;
  // It was thrown out for a fault of its own, or by SysRq-S.
  bool by_fault() const { return !reason_.empty() && !by_user() && !by_restart(); }

  // When the words about one end are all here, or not worth waiting for any longer.
  std::optional<Instant> complete_at() const;

 private:
  std::string reason_;
  std::vector<std::string> details_;
  Instant said_{};
};

}  // namespace schedkit
