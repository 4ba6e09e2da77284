#include "core/policy/pressure_table.h"

#include "core/base/text.h"

namespace schedkit {

namespace {

// The kernel tells of a trigger at most once a window (Documentation/accounting/psi.rst), and of lasting pressure a
// little later each time: only the window after that one tells that the pressure is over.
Duration lasts(const PressureCondition& trigger) { return 2 * trigger.window; }

}  // namespace

std::string_view to_string(PressureResource resource) {
  switch (resource) {
    case PressureResource::cpu: return "cpu";
    case PressureResource::memory: return "memory";
    case PressureResource::io: return "io";
  }
  return "unknown";
}

void PressureTable::watch(std::vector<Watched<PressureCondition>> conditions) {
  const auto before = std::exchange(facts_of_, {});
  const auto deadlines = std::exchange(deadlines_, {});
  for (const auto& [condition, fact] : conditions) {
    facts_of_[condition] = fact;
    const auto known = before.find(condition);
    const auto deadline = known == before.end() ? std::nullopt : deadlines.of(known->second);
    facts_.set(fact, deadline.has_value());
    if (deadline) deadlines_.set(fact, *deadline);
  }
}

void PressureTable::seen(const PressureCondition& trigger, Instant now) {
  const auto found = facts_of_.find(trigger);
  if (found == facts_of_.end()) return;
  facts_.set(found->second, true);
  deadlines_.set(found->second, now + lasts(trigger));
}

void PressureTable::advance(Instant now) {
  while (const auto fact = deadlines_.pop_due(now)) facts_.set(*fact, false);
}

void PressureTable::tell(std::vector<PastEvent>& known, Instant now) const {
  for (const auto& [trigger, fact] : facts_of_) {
    if (const auto end = deadlines_.of(fact)) known.push_back({PressureSeen{trigger}, now - (*end - lasts(trigger))});
  }
}

FactDetail PressureTable::detail(Fact fact) const {
  const auto until = deadlines_.of(fact);
  return {
      until ? "the trigger fired within its last two windows" : "the trigger has not fired within its last two windows",
      until};
}

}  // namespace schedkit
