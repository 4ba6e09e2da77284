// Which conditions hold now. Each distinct condition of the rules in force is a fact, known by its number; one table per
// kind (process_table.h and its like) turns events into facts, and the engine turns facts into rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"

namespace schedkit {

using Fact = std::uint32_t;

class Facts {
 public:
  // All of them anew: none holds.
  void reset(std::size_t count) {
    holds_.assign(count, false);
    changed_.clear();
  }

  bool holds(Fact fact) const { return holds_[fact]; }

  void set(Fact fact, bool holds) {
    if (holds_[fact] == holds) return;
    holds_[fact] = holds;
    changed_.push_back(fact);
  }

  // Those that set() changed since the last call; some may have changed back.
  std::vector<Fact> take_changed() { return std::exchange(changed_, {}); }

 private:
  std::vector<bool> holds_;
  std::vector<Fact> changed_;
};

// A condition as a table is told to watch it.
template <class Condition>
struct Watched {
  Condition condition;
  Fact fact = 0;
};

// Why a condition holds or does not, for people.
struct FactDetail {
  std::string text;
  std::optional<Instant> until;  // when time alone will change it
};

}  // namespace schedkit
