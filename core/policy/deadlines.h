#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "core/base/clock.h"

namespace schedkit {

// At most one deadline for each number. Everything costs the logarithm of how many there are.
class Deadlines {
 public:
  void set(std::uint32_t number, Instant when) {
    clear(number);
    by_number_[number] = when;
    queue_.insert({when, number});
  }

  void clear(std::uint32_t number) {
    const auto found = by_number_.find(number);
    if (found == by_number_.end()) return;
    queue_.erase({found->second, number});
    by_number_.erase(found);
  }

  void clear_all() {
    by_number_.clear();
    queue_.clear();
  }

  std::optional<Instant> of(std::uint32_t number) const {
    const auto found = by_number_.find(number);
    return found == by_number_.end() ? std::nullopt : std::optional(found->second);
  }

  // The earliest.
  std::optional<Instant> next() const { return queue_.empty() ? std::nullopt : std::optional(queue_.begin()->first); }

  // Takes the earliest away if it is due.
  std::optional<std::uint32_t> pop_due(Instant now) {
    if (queue_.empty() || queue_.begin()->first > now) return std::nullopt;
    const auto number = queue_.begin()->second;
    clear(number);
    return number;
  }

 private:
  std::unordered_map<std::uint32_t, Instant> by_number_;
  std::set<std::pair<Instant, std::uint32_t>> queue_;
};

// The earlier of two of which each may be missing.
inline std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a || !b) return a ? a : b;
  return *a < *b ? a : b;
}

}  // namespace schedkit
