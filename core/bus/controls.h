#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/bus/watcher.h"
#include "core/policy/explain.h"
#include "core/policy/history.h"
#include "core/policy/status.h"

namespace schedkit {

// What a command over the bus can ask of the daemon; core/control implements it. All on the loop thread.
class Controls {
 public:
  struct RunCommand {
    std::string scheduler;  // a policy's scheduler, an image reference, or "kernel"
    std::string mode;       // "" for none
    bool has_args = false;  // whether `args` replaces the policy's
    std::vector<std::string> args = {};
    std::string by;                      // who asks, for status and log
    std::optional<Lifetime> until = {};  // nullopt: as the settings say
    // When the kernel has not confirmed by then, what ruled before rules again (Errc::timeout); nullopt: no limit.
    std::optional<Duration> within = {};
  };
  struct HoldCommand {
    std::string scheduler;                // a policy's scheduler or "kernel"
    std::string mode;                     // "" for none
    std::string reason;                   // may be empty
    std::string by;                       // who asks, for status and log
    std::optional<Duration> within = {};  // as above: it is gone then
    // Replace the policy's.
    std::optional<std::vector<std::string>> args = {};
  };
  // Called once: when the kernel confirmed what was asked for, or with the reason why it did not come to that. It may
  // be called from inside the command. A newer command ends an older one with Errc::cancelled.
  using Done = std::function<void(Result<void>)>;

  // Of a hold: the same with its id, which is 0 when it was refused.
  using HoldDone = std::function<void(std::uint32_t id, Result<void>)>;

  virtual ~Controls() = default;

  virtual const Policy& policy() const = 0;
  virtual Status status() const = 0;
  virtual Explanation explain() const = 0;
  // The last `count` transitions, oldest first.
  virtual std::vector<HistoryEntry> history(std::size_t count) const = 0;
  virtual void run(RunCommand command, Done done) = 0;  // an override
  virtual void stop(std::string by, Done done) = 0;     // an override to the kernel's scheduler
  virtual void go_automatic(Done done) = 0;             // ends an override
  // A claim that stands until release_hold(). `made` has its id, from inside the call, unless it is refused; `done` comes
  // when the kernel confirmed it, at once when something stands above it, or with why it failed: then it is gone.
  virtual void hold(HoldCommand command, std::function<void(std::uint32_t id)> made, HoldDone done) = 0;
  // Of an unknown id nothing happens.
  virtual void release_hold(std::uint32_t id) = 0;
  // Lifts quarantine and forgets strikes of a scheduler, by name or digest; "" is all. Returns how many there were.
  virtual std::size_t clear_quarantine(const std::string& which) = 0;
  // From now on `watcher` is told, nobody with nullptr. While nobody is, watching costs nothing.
  virtual void set_watcher(Watcher* watcher) = 0;
  // Where a recording that begins now begins.
  virtual SimulatedSnapshot snapshot() const = 0;
  virtual void reload(Done done) = 0;  // reads the policy files now; done: they are in force or reported
};

}  // namespace schedkit
