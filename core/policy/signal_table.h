#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/policy/deadlines.h"
#include "core/policy/event.h"
#include "core/policy/facts.h"

namespace schedkit {

// Which signals came and still count.
class SignalTable {
 public:
  explicit SignalTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; those that were there before keep what came and for how long.
  void watch(std::vector<Watched<SignalCondition>> conditions);

  void seen(const SignalMatch& match, Instant now);

  std::optional<Instant> next() const { return deadlines_.next(); }
  void advance(Instant now);

  FactDetail detail(Fact fact) const;

  // Appends what a new table must hear to know the same at `now`.
  void tell(std::vector<PastEvent>& known, Instant now) const;

 private:
  struct Role {
    std::uint32_t number;  // of conditions_
    bool begins;
  };

  Facts& facts_;
  std::vector<Watched<SignalCondition>> conditions_;
  std::vector<bool> on_;  // parallel
  std::map<SignalMatch, std::vector<Role>> roles_;
  Deadlines deadlines_;  // by place in conditions_
};

}  // namespace schedkit
