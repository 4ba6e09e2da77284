#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "core/bus/message.h"

namespace schedkit {

// Who owns some well-known names of a bus, by NameOwnerChanged and one GetNameOwner each.
class NameOwners {
 public:
  // The owner became known or is another one.
  using Changed = std::function<void(const std::string& name)>;
  explicit NameOwners(Changed changed) : changed_(std::move(changed)) {}

  // Replaces the names.
  void follow(const std::set<std::string>& names);
  // Asks about all of them. down(): nobody is known any more; nobody is told.
  void up(sd_bus* bus);
  void down();

  // The unique name; "" when nobody owns it, or it is not known.
  const std::string& owner(const std::string& name) const;

 private:
  struct Entry {
    NameOwners* all;
    std::string name;
    std::string owner = {};
    SlotPtr match = {};
    SlotPtr query = {};
  };

  void ask(Entry& entry);
  void learn(Entry& entry, std::string owner);

  Changed changed_;
  sd_bus* bus_ = nullptr;
  std::map<std::string, Entry> entries_;
};

}  // namespace schedkit
