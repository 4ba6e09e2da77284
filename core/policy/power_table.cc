#include "core/policy/power_table.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

std::string_view to_string(PowerSource source) { return source == PowerSource::ac ? "ac" : "battery"; }

std::string_view to_string(PowerProfile profile) {
  switch (profile) {
    case PowerProfile::performance: return "performance";
    case PowerProfile::balanced: return "balanced";
    case PowerProfile::power_saver: return "power-saver";
  }
  return "unknown";
}

void PowerTable::watch(std::vector<Watched<PowerCondition>> conditions) {
  conditions_ = std::move(conditions);
  refresh();
}

void PowerTable::seen(const PowerSeen& seen) {
  now_ = seen;
  refresh();
}

void PowerTable::refresh() {
  const auto fits = [](const auto& wanted, const auto& value) {
    return wanted.empty() || (value && std::ranges::count(wanted, *value) > 0);
  };
  for (const auto& [condition, fact] : conditions_) {
    facts_.set(fact, fits(condition.sources, now_.source) && fits(condition.profiles, now_.profile));
  }
}

void PowerTable::tell(std::vector<PastEvent>& known) const { known.push_back({now_}); }

FactDetail PowerTable::detail() const {
  return {fmt::format("source {}, profile {}", now_.source ? to_string(*now_.source) : "unknown",
                      now_.profile ? to_string(*now_.profile) : "unknown"),
          {}};
}

}  // namespace schedkit
