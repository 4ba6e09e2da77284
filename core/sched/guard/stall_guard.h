// schedkitd's side of schedkit-guard: finds the one that runs, or starts it, and tells it what to watch. The guard
// outlives the daemon; the next one finds it through its socket in the run directory (guard_messages.h). One of another
// version is ended and replaced; one that dies is started again, with growing pauses.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/policy/model.h"
#include "core/sched/guard/guard_messages.h"

namespace schedkit {

struct StallGuardOptions {
  std::string program;  // absolute path of schedkit-guard
  std::string run_dir;
  std::string version = SCHEDKIT_VERSION;
};

// What the guard, or the lack of one, has to say. `serious`: stalls are not, or not any more, guarded against, or one has
// happened.
using GuardSaid = std::function<void(const std::string& text, bool serious)>;

class StallGuard {
 public:
  StallGuard(Loop& loop, StallGuardOptions options, GuardSaid said);
  ~StallGuard();

  // Starts the guard, changes what it watches, or ends it.
  void configure(const GuardSettings& settings);

  // An attach call of ours is about to proceed, or a scheduler of ours was found attached. Does not block: the guard
  // knows before the kernel acts.
  void announce();

  bool connected() const { return ready_; }

 private:
  void bring_up();
  bool find();
  Result<void> start();
  void talk_through(UniqueFd connection);
  void reap_when_ended(std::int32_t pid);
  void hear();
  void ready(const GuardWord& word);
  void gone();
  void send(GuardOrder::Kind kind) const;

  Loop& loop_;
  const StallGuardOptions options_;
  const GuardSaid said_;
  GuardSettings settings_{.enabled = false};
  UniqueFd connection_;
  std::unique_ptr<FdWatch> watch_;
  UniqueFd process_;  // of the one that we started
  std::unique_ptr<FdWatch> process_watch_;
  Timer again_;
  Duration pause_;
  bool ready_ = false;
  bool useless_ = false;    // this machine cannot have one
  bool replacing_ = false;  // the old one was told to end
  bool announced_ = false;  // before anybody could be told
};

}  // namespace schedkit
