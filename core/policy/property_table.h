#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/policy/event.h"
#include "core/policy/facts.h"

namespace schedkit {

// The values of D-Bus properties.
class PropertyTable {
 public:
  explicit PropertyTable(Facts& facts) : facts_(facts) {}

  // Replaces the conditions; values of properties that are still asked for stay known.
  void watch(std::vector<Watched<PropertyCondition>> conditions);

  void seen(const PropertySeen& seen);

  FactDetail detail(Fact fact) const;

  // Appends what a new table must hear to know the same.
  void tell(std::vector<PastEvent>& known) const;

 private:
  struct Entry {
    std::optional<PropertyValue> value;
    std::vector<std::uint32_t> conditions;
  };

  void refresh(const Entry& entry);

  Facts& facts_;
  std::vector<Watched<PropertyCondition>> conditions_;
  std::map<PropertyName, Entry> properties_;
};

// As TOML writes it, for people: true, 3, 1.5, "text".
std::string to_text(const PropertyValue& value);

}  // namespace schedkit
