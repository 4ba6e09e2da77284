// One start of a scheduler, and the port through which the switcher makes and moves such runs. crun_runner.h implements
// it with containers and the attach gate; tests/fakes has another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/image.h"
#include "core/policy/model.h"

namespace schedkit {

// How the first process of a run ended.
struct RunExit {
  std::optional<int> status;  // exit status; unknown for a run adopted from an earlier daemon
  int signal = 0;             // the signal that ended it, 0 if none
  std::string last_output;    // its last lines, for messages; may be empty

  // "exited with status 3", "was killed by SIGSEGV", "ended".
  std::string describe() const;
};

struct RunRequest {
  Choice choice;  // has a scheduler
  RunnableImage image;
  std::uint64_t hotplug_seq = 0;  // the kernel's, when the start was asked for: it refuses one of another
};

// What a run tells its owner; all on the loop thread, never from inside a call to the run. The owner may destroy the
// run while it is told something.
struct RunObserver {
  // The scheduler is loaded and verified and now waits in its attach call. Comes again when it attaches anew later.
  std::function<void()> at_gate;
  // The run could not be brought up (container, gate socket); exited does not follow.
  std::function<void(Error)> failed;
  // The first process has ended. Nothing comes after it.
  std::function<void(RunExit)> exited;
};

class Run {
 public:
  // Destroying a run that has not exited kills it and cleans up after it in the background, except after abandon().
  virtual ~Run() = default;

  virtual const std::string& id() const = 0;  // unique over the life of the machine, [a-z0-9-]+
  virtual const RunRequest& request() const = 0;
  virtual std::int32_t pid() const = 0;  // the first process; 0 before it exists
  virtual Instant started() const = 0;

  virtual bool waits_at_gate() const = 0;

  // Lets the parked attach call proceed. Precondition: waits_at_gate(). Errc::not_found when the caller has gone
  // meanwhile.
  virtual Result<void> open_gate() = 0;

  // Attach calls are answered at once from now on (true) or parked (false, the initial state).
  virtual void keep_gate_open(bool open) = 0;

  // Asks the first process to end by the image's StopSignal; SIGKILL to all of the run's processes after `grace`.
  virtual void stop(Duration grace) = 0;
  // SIGKILL to all of the run's processes.
  virtual void kill() = 0;

  // True when process `pid` belongs to this run.
  virtual bool owns(std::int32_t pid) const = 0;

  // The last lines the scheduler printed, oldest first.
  virtual std::vector<std::string> output() const = 0;

  // Gives the run up without touching it: it lives on when the daemon ends and may be adopted by the next one.
  virtual void abandon() = 0;
};

class Runner {
 public:
  virtual ~Runner() = default;

  // Begins to start; what comes of it is told to `observer`.
  virtual std::unique_ptr<Run> start(RunRequest request, RunObserver observer) = 0;

  // Runs that an earlier daemon left alive, with observers set by `observe` for each. Those whose processes are gone
  // are cleaned up. Called once at start, before start().
  virtual std::vector<std::unique_ptr<Run>> adopt(std::function<RunObserver(const std::string& id)> observe) = 0;
};

}  // namespace schedkit
