// The policy directories, followed: the daemon's way to its Policy.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/load.h"
#include "core/base/clock.h"
#include "core/loop/dir_watch.h"
#include "core/loop/loop.h"

namespace schedkit {

class PolicyDirectories {
 public:
  // Both are called on the loop thread and may destroy the PolicyDirectories.
  struct Observer {
    std::function<void(const Policy&)> policy;        // another policy is in force: everything is swapped as a whole
    std::function<void(const PolicyReport&)> report;  // files changed what is told of them; after `policy` when both
  };

  // Watches first and then loads, so that policy() and report() are there at once; the observer hears of changes only.
  // Blocks for that first load; later ones run in the pool.
  static Result<std::unique_ptr<PolicyDirectories>> create(Loop& loop, Directories directories, Observer observer,
                                                           Duration debounce = std::chrono::milliseconds(200));
  ~PolicyDirectories();

  // Reads everything again now. `done` is called later, once what was on disk at this moment is in force or reported.
  void reload(std::function<void()> done = {});

  const Policy& policy() const { return loaded_.policy; }
  const PolicyReport& report() const { return loaded_.report; }

 private:
  // What a load in the pool works on. Shared because it outlives us when we are destroyed meanwhile.
  struct Work {
    Directories directories;
    LastGood last_good;  // of the pool while a load runs
    PolicyDirectories* owner = nullptr;
  };

  PolicyDirectories(Loop& loop, Directories directories, Observer observer);

  void load_in_pool();
  void take(Loaded loaded);

  Loop& loop_;
  Observer observer_;
  std::shared_ptr<Work> work_;
  std::unique_ptr<DirWatch> watch_;
  Loaded loaded_;
  std::vector<Error> start_problems_;  // of the kept copies, at start: reported until the next start
  bool loading_ = false;
  bool again_ = false;
  std::vector<std::function<void()>> waiting_;  // for the load under way
  std::vector<std::function<void()>> next_;     // for the one after it
};

}  // namespace schedkit
