#include "core/policy/interests.h"

#include "core/policy/model.h"

namespace schedkit {

namespace {

struct Include {
  Interests& interests;

  void operator()(const ProcessCondition&) const {}  // process_filter() looks at all of them together
  void operator()(const CgroupCondition& cgroup) const {
    interests.cgroups.insert(cgroup.paths.begin(), cgroup.paths.end());
  }
  void operator()(const TimeCondition&) const { interests.clock = true; }
  void operator()(const SignalCondition& signal) const {
    interests.signals.insert(signal.signal);
    if (signal.until) interests.signals.insert(*signal.until);
  }
  void operator()(const PropertyCondition& property) const { interests.properties.insert(property.property); }
  void operator()(const PowerCondition& power) const {
    interests.power_source |= !power.sources.empty();
    interests.power_profile |= !power.profiles.empty();
  }
  void operator()(const PressureCondition& pressure) const { interests.pressures.insert(pressure); }
};

}  // namespace

Interests interests_of(const Policy& policy) {
  Interests interests;
  interests.processes = process_filter(policy);
  for (const auto& rule : policy.rules) {
    for (const auto* alternatives : {&rule.when, &rule.unless}) {
      for (const auto& set : *alternatives) {
        for (const auto& condition : set) std::visit(Include{interests}, condition);
      }
    }
  }
  return interests;
}

}  // namespace schedkit
