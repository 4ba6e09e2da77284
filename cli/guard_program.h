// schedkit-guard's life: what it opens before it becomes a real-time task, and what it does afterwards. From run() on it
// allocates nothing, opens nothing and waits for nothing but poll(2): any of these could wait for a task that the stalled
// scheduler does not let run.
#pragma once

#include <optional>
#include <string>

#include "bpf/guard/switch_counter.h"
#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/sched/guard/attached_state.h"
#include "core/sched/guard/canary.h"
#include "core/sched/guard/guard_duty.h"
#include "core/sched/guard/guard_messages.h"
#include "core/sched/guard/stall_detector.h"

namespace schedkit {

class GuardProgram {
 public:
  // `daemon` is the connection to the daemon that started us, or none.
  GuardProgram(std::string run_dir, UniqueFd daemon) : run_dir_(std::move(run_dir)), daemon_(std::move(daemon)) {}

  // Errc::busy when another guard runs.
  Result<void> prepare();

  // Until nothing is left to guard, or the daemon says so.
  void run();

 private:
  Result<void> claim();
  Result<void> open();
  Result<void> become_real_time();
  void configure(Duration limit);
  void accept_daemon();
  void hear_daemon();
  void look_at_kernel();
  void tick();
  void eject();
  void schedule();
  void send(GuardWord::Kind kind, std::string_view text);

  const std::string run_dir_;
  UniqueFd daemon_;
  UniqueFd lock_;
  UniqueFd listener_;
  UniqueFd sysrq_;
  UniqueFd kmsg_;
  UniqueFd timer_;
  AttachedState kernel_;
  Canary canary_;
  std::optional<SwitchCounter> switches_;
  std::optional<StallDetector> detector_;
  GuardDuty duty_;
  std::uint64_t ticks_ = 0;
  std::optional<Instant> due_;  // the next tick
  bool ending_ = false;
};

}  // namespace schedkit
