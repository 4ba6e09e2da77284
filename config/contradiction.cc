#include "config/contradiction.h"

#include <algorithm>
#include <bitset>
#include <map>

namespace schedkit {

namespace {

constexpr int day = 24 * 60;

// The minutes of a week in which a window is open, daylight saving aside.
std::bitset<7 * day> week_of(const TimeCondition& window) {
  std::bitset<7 * day> minutes;
  const int length = (window.end <= window.start ? window.end + day : window.end) - window.start;
  for (int weekday = 0; weekday < 7; ++weekday) {
    if ((window.days >> weekday & 1) == 0) continue;
    for (int minute = 0; minute < length; ++minute) minutes.set((weekday * day + window.start + minute) % (7 * day));
  }
  return minutes;
}

template <class Value>
std::vector<Value> common(const std::vector<Value>& a, const std::vector<Value>& b) {
  std::vector<Value> both;
  std::ranges::copy_if(a, std::back_inserter(both),
                       [&](const auto& value) { return std::ranges::count(b, value) > 0; });
  return both;
}

// What is left possible after the conditions looked at so far.
class Possible {
 public:
  // False when nothing is.
  bool operator()(const TimeCondition& window) {
    auto [left, fresh] = minutes_.try_emplace(window.zone, week_of(window));
    if (!fresh) left->second &= week_of(window);
    return left->second.any();
  }
  bool operator()(const PropertyCondition& property) {
    auto [left, fresh] = values_.try_emplace(property.property, property.values);
    if (!fresh) left->second = common(left->second, property.values);
    return !left->second.empty();
  }
  bool operator()(const PowerCondition& power) {
    if (!power.sources.empty()) sources_ = common(sources_, power.sources);
    if (!power.profiles.empty()) profiles_ = common(profiles_, power.profiles);
    return !sources_.empty() && !profiles_.empty();
  }
  template <class Other>
  bool operator()(const Other&) {
    return true;
  }

 private:
  std::map<std::string, std::bitset<7 * day>> minutes_;  // by zone
  std::map<PropertyName, std::vector<PropertyValue>> values_;
  std::vector<PowerSource> sources_{PowerSource::ac, PowerSource::battery};
  std::vector<PowerProfile> profiles_{PowerProfile::performance, PowerProfile::balanced, PowerProfile::power_saver};
};

}  // namespace

bool is_contradiction(const ConditionSet& set) {
  Possible possible;
  return std::ranges::any_of(set, [&](const auto& condition) { return !std::visit(possible, condition); });
}

}  // namespace schedkit
