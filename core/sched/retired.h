// Runs that are no longer wanted, until they have ended.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/sched/run.h"

namespace schedkit {

// A run and the number by which its observer names it.
struct TaggedRun {
  std::uint64_t tag = 0;
  std::unique_ptr<Run> run;
  bool ended = false;  // its first process has; others of it may live
};

class Retired {
 public:
  // Asks it to end in its own time, and kills it after `grace`: for one that was attached.
  void stop(TaggedRun held, Duration grace) {
    if (!held.run || held.ended) return;
    held.run->keep_gate_open(false);
    held.run->stop(grace);
    runs_.push_back(std::move(held));
  }
  // What never attached is in nobody's way, and nothing of it is worth waiting for.
  void kill(TaggedRun held) {
    if (!held.run || held.ended) return;
    held.run->keep_gate_open(false);
    held.run->kill();
    runs_.push_back(std::move(held));
  }

  void forget(std::uint64_t tag) {
    std::erase_if(runs_, [tag](const TaggedRun& held) { return held.tag == tag; });
  }
  bool owns(std::int32_t pid) const {
    return std::ranges::any_of(runs_, [pid](const TaggedRun& held) { return held.run->owns(pid); });
  }
  void forget_all() { runs_.clear(); }
  bool empty() const { return runs_.empty(); }

 private:
  std::vector<TaggedRun> runs_;
};

}  // namespace schedkit
