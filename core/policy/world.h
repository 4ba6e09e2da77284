#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "core/policy/cgroup_table.h"
#include "core/policy/event.h"
#include "core/policy/facts.h"
#include "core/policy/power_table.h"
#include "core/policy/pressure_table.h"
#include "core/policy/process_table.h"
#include "core/policy/property_table.h"
#include "core/policy/signal_table.h"
#include "core/policy/time_table.h"

namespace schedkit {

// All that is known of the machine, as far as conditions ask: one table per kind behind one door.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Replaces the conditions, which are distinct; each is known as the fact of its place. What was known stays known.
  void watch(const std::vector<Condition>& conditions);

  void apply(const Event& event, Instant now);

  // When time alone will change a fact.
  std::optional<Instant> next() const;
  // Changes those that are due.
  void advance(Instant now);
  // Looks at conditions that are new since watch().
  void settle(Instant now) { times_.settle(now); }

  bool holds(Fact fact) const { return facts_.holds(fact); }
  std::vector<Fact> take_changed() { return facts_.take_changed(); }

  const Condition& condition(Fact fact) const { return conditions_[fact]; }
  FactDetail detail(Fact fact, Instant now) const;

  // What a new world must hear to know the same at `now`.
  std::vector<PastEvent> known(Instant now) const;

 private:
  std::vector<Condition> conditions_;
  Facts facts_;
  ProcessTable processes_{facts_};
  CgroupTable cgroups_{facts_};
  TimeTable times_{facts_};
  SignalTable signals_{facts_};
  PropertyTable properties_{facts_};
  PowerTable power_{facts_};
  PressureTable pressures_{facts_};
};

}  // namespace schedkit
