#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/policy/deadlines.h"
#include "core/policy/event.h"
#include "core/policy/facts.h"

namespace schedkit {

// Which pressure triggers fired within their last two windows.
class PressureTable {
 public:
  explicit PressureTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; those that were there before stay as they are.
  void watch(std::vector<Watched<PressureCondition>> conditions);

  void seen(const PressureCondition& trigger, Instant now);

  std::optional<Instant> next() const { return deadlines_.next(); }
  void advance(Instant now);

  FactDetail detail(Fact fact) const;

  // Appends what a new table must hear to know the same at `now`.
  void tell(std::vector<PastEvent>& known, Instant now) const;

 private:
  Facts& facts_;
  std::map<PressureCondition, Fact> facts_of_;
  Deadlines deadlines_;  // by fact
};

std::string_view to_string(PressureResource resource);

}  // namespace schedkit
