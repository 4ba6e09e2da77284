#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/bus/message.h"
#include "core/bus/name_owners.h"
#include "core/policy/condition.h"

namespace schedkit {

// Follows properties: reads each when its name has an owner, then listens to PropertiesChanged; what that only
// invalidates is read again. No service is started by being asked.
class PropertyWatch {
 public:
  // The value became known or is another one; nothing while nobody owns the name or it cannot be read.
  using Told = std::function<void(const PropertyName&, const std::optional<PropertyValue>&)>;
  PropertyWatch(const NameOwners& owners, Told told) : owners_(owners), told_(std::move(told)) {}

  // Replaces the properties, whose names `owners` must follow from then on, and tells what is known of them.
  void follow(const std::set<PropertyName>& properties);
  void up(sd_bus* bus);
  // The values that were known are told as unknown.
  void down();
  // `owners` has learnt about this name.
  void owner_changed(const std::string& name);

  std::optional<PropertyValue> value(const PropertyName& property) const;
  // Properties that cannot be read, and why; names that nobody owns.
  std::vector<std::string> troubles() const;

 private:
  struct Entry {
    PropertyWatch* all;
    PropertyName property;
    bool known = false;
    std::optional<PropertyValue> value = {};
    std::string trouble = {};
    SlotPtr match = {};
    SlotPtr get = {};
  };

  void listen(Entry& entry);
  void request(Entry& entry);
  void send_next();
  void send(Entry& entry);
  void answered(Entry& entry, sd_bus_message* message);
  void changed(Entry& entry, sd_bus_message* message);
  void learn(Entry& entry, std::optional<PropertyValue> value, std::string trouble);

  const NameOwners& owners_;
  Told told_;
  sd_bus* bus_ = nullptr;
  std::map<PropertyName, Entry> entries_;
  std::deque<PropertyName> waiting_;  // a bus allows so many unanswered calls
};

}  // namespace schedkit
