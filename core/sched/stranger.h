// Who attached the scheduler that is not ours.
//
// The kernel says `enabled` before the owner's BPF_LINK_CREATE call has returned. Only after that its link is listed,
// and somebody holds a descriptor of it. So when no owner is found, nothing is said yet: it is looked again after 5
// ms, then after twice as long each time, for a second in all. Who is not found by then attached without a link, or
// has pinned it. Each attach (enable_seq) is looked for once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/sched/kernel.h"

namespace schedkit {

class Stranger {
 public:
  Stranger(const Clock& clock, const Kernel& kernel) : clock_(clock), kernel_(kernel) {}

  // Looks who holds what is attached; `links` are those that are not ours. True when that is known now and is news.
  bool look(const Result<std::vector<SchedulerLink>>& links);
  // Nobody is, or it is ours.
  void forget() { search_ = {}; }

  // For people: "scx_rusty (pid 42, scx.service)", "somebody" while it is looked for; empty when nobody is.
  const std::string& owner() const { return search_.owner; }
  // No process holds it.
  bool is_orphan() const { return search_.orphan; }
  // It is not known yet; look() again at the latest at again().
  bool is_looked_for() const { return search_.again.has_value(); }
  const std::optional<Instant>& again() const { return search_.again; }

 private:
  struct Search {
    std::uint64_t enable_seq = 0;  // of the attach it is about
    Instant until{};
    Duration pause{};
    std::optional<Instant> again = {};
    std::string owner = {};
    bool orphan = false;
  };

  const Clock& clock_;
  const Kernel& kernel_;
  Search search_;
};

}  // namespace schedkit
