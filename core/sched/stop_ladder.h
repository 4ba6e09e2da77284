// How a scheduler is made to let go, rung by rung; each gets the same patience, and what the kernel does not let go of
// after the last one is reported, never waited for:
//
//   link          BPF_LINK_DETACH, on a thread of its own: the owner need not cooperate
//   stop signal   its process is asked to end (ours only)
//   kill          SIGKILL to all processes of its run (ours only)
//   eject         SysRq-S, whoever is attached
//
// The ladder climbs; whether the kernel has let go is the owner's to see, who then calls leave().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/sched/kernel.h"
#include "core/sched/run.h"

namespace schedkit {

class StopLadder {
 public:
  // `returned` is called on the loop when the detach call came back, with whatever outcome.
  StopLadder(const Clock& clock, Kernel& kernel, std::function<void()> returned);

  // `link` is what it is attached through, if that is known; `run` whose it is, null for somebody else's. The run must
  // live until leave().
  void enter(std::optional<std::uint32_t> link, Run* run, Duration patience);
  void leave();

  // Climbs when the present rung had its time.
  void tick();
  std::optional<Instant> deadline() const { return deadline_; }
  // The last rung had its time, too, or could not be tried.
  bool at_its_end() const { return rung_ == Rung::end; }
  // How long it has been climbing.
  Duration taken() const { return clock_.now() - entered_; }

 private:
  enum class Rung { link, stop_signal, kill, eject, end };

  void climb(Rung rung);
  Rung after(Rung rung) const;
  void detach();

  const Clock& clock_;
  Kernel& kernel_;
  const std::function<void()> returned_;
  Rung rung_ = Rung::link;
  std::optional<std::uint32_t> link_;
  Run* run_ = nullptr;
  Duration patience_{};
  Instant entered_{};
  std::optional<Instant> deadline_;
  std::shared_ptr<const int> here_;  // detach calls hold it weakly: they may return after leave() and after our end
};

}  // namespace schedkit
