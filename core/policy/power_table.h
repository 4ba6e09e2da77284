#pragma once

#include <vector>

#include "core/policy/event.h"
#include "core/policy/facts.h"

namespace schedkit {

// What the machine runs on and which power profile it has. A condition does not hold while what it asks is not known.
class PowerTable {
 public:
  explicit PowerTable(Facts& facts) : facts_(facts) {}

  void watch(std::vector<Watched<PowerCondition>> conditions);
  void seen(const PowerSeen& seen);

  FactDetail detail() const;

  // Appends what a new table must hear to know the same.
  void tell(std::vector<PastEvent>& known) const;

 private:
  void refresh();

  Facts& facts_;
  std::vector<Watched<PowerCondition>> conditions_;
  PowerSeen now_;
};

std::string_view to_string(PowerSource source);
std::string_view to_string(PowerProfile profile);

}  // namespace schedkit
