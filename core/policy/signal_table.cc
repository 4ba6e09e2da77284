#include "core/policy/signal_table.h"

#include <algorithm>

namespace schedkit {

void SignalTable::watch(std::vector<Watched<SignalCondition>> conditions) {
  std::map<SignalCondition, std::optional<Instant>> on;  // with its deadline
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) {
    if (on_[number]) on[conditions_[number].condition] = deadlines_.of(number);
  }
  conditions_ = std::move(conditions);
  on_.assign(conditions_.size(), false);
  roles_.clear();
  deadlines_.clear_all();
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) {
    const auto& [condition, fact] = conditions_[number];
    roles_[condition.signal].push_back({number, true});
    if (condition.until) roles_[*condition.until].push_back({number, false});
    const auto before = on.find(condition);
    if (before == on.end()) continue;
    on_[number] = true;
    facts_.set(fact, true);
    if (before->second) deadlines_.set(number, *before->second);
  }
}

void SignalTable::seen(const SignalMatch& match, Instant now) {
  const auto found = roles_.find(match);
  if (found == roles_.end()) return;
  for (const auto& [number, begins] : found->second) {
    const auto& [condition, fact] = conditions_[number];
    on_[number] = begins;
    facts_.set(fact, begins);
    deadlines_.clear(number);
    if (begins && condition.lasts) deadlines_.set(number, now + *condition.lasts);
  }
}

void SignalTable::advance(Instant now) {
  while (const auto number = deadlines_.pop_due(now)) {
    on_[*number] = false;
    facts_.set(conditions_[*number].fact, false);
  }
}

void SignalTable::tell(std::vector<PastEvent>& known, Instant now) const {
  for (std::uint32_t number = 0; number < conditions_.size(); ++number) {
    if (!on_[number]) continue;
    const auto& condition = conditions_[number].condition;
    const auto end = deadlines_.of(number);
    known.push_back({SignalSeen{condition.signal}, end ? now - (*end - *condition.lasts) : Duration(0)});
  }
}

FactDetail SignalTable::detail(Fact fact) const {
  const auto found = std::ranges::find(conditions_, fact, &Watched<SignalCondition>::fact);
  const auto number = static_cast<std::uint32_t>(found - conditions_.begin());
  if (found == conditions_.end() || !on_[number]) return {"the signal has not come, or its time is over", {}};
  return {"the signal came", deadlines_.of(number)};
}

}  // namespace schedkit
