#pragma once

#include <set>
#include <string>

#include "core/policy/condition.h"
#include "core/policy/process_filter.h"

namespace schedkit {

struct Policy;

// What the rules in force ask about. A source looks at its own part and watches nothing when that is empty.
struct Interests {
  ProcessFilter processes;
  std::set<std::string> cgroups;  // path globs, CgroupCondition::paths
  bool clock = false;             // wall clock and machine's time zone
  std::set<SignalMatch> signals;  // `until` signals among them
  std::set<PropertyName> properties;
  bool power_source = false;
  bool power_profile = false;
  std::set<PressureCondition> pressures;

  bool operator==(const Interests&) const = default;
};

Interests interests_of(const Policy& policy);

}  // namespace schedkit
