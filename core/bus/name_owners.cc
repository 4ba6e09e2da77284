#include "core/bus/name_owners.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

namespace schedkit {

namespace {

constexpr const char* driver = "org.freedesktop.DBus";

}  // namespace

void NameOwners::follow(const std::set<std::string>& names) {
  std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
  for (const auto& name : names) {
    const auto [place, added] = entries_.try_emplace(name, Entry{this, name});
    if (added && bus_ != nullptr) ask(place->second);
  }
}

void NameOwners::up(sd_bus* bus) {
  bus_ = bus;
  for (auto& [name, entry] : entries_) ask(entry);
}

void NameOwners::down() {
  bus_ = nullptr;
  for (auto& [name, entry] : entries_) entry = Entry{this, name};
}

const std::string& NameOwners::owner(const std::string& name) const {
  static const std::string nobody;
  const auto found = entries_.find(name);
  return found == entries_.end() ? nobody : found->second.owner;
}

void NameOwners::ask(Entry& entry) {
  const auto changed = [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
    const char* sender = sd_bus_message_get_sender(message);
    const char *name = nullptr, *before = nullptr, *owner = nullptr;
    auto* self = static_cast<Entry*>(context);
    if (sender == nullptr || std::string_view(sender) != driver) return 0;  // a peer may send anything
    if (sd_bus_message_read(message, "sss", &name, &before, &owner) <= 0 || self->name != name) return 0;
    self->query.reset();
    self->all->learn(*self, owner);
    return 0;
  };
  const auto answered = [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
    auto* self = static_cast<Entry*>(context);
    const char* owner = "";
    if (sd_bus_message_is_method_error(message, nullptr) != 0 || sd_bus_message_read(message, "s", &owner) <= 0) {
      owner = "";
    }
    self->all->learn(*self, owner);
    return 0;
  };
  sd_bus_slot* slot = nullptr;
  const std::string rule = fmt::format(
      "type='signal',sender='{0}',interface='{0}',member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='{1}'",
      driver, entry.name);
  if (sd_bus_add_match_async(bus_, &slot, rule.c_str(), changed, nullptr, &entry) >= 0) entry.match.reset(slot);
  slot = nullptr;
  if (sd_bus_call_method_async(bus_, &slot, driver, "/org/freedesktop/DBus", driver, "GetNameOwner", answered, &entry,
                               "s", entry.name.c_str()) >= 0) {
    entry.query.reset(slot);
  }
}

void NameOwners::learn(Entry& entry, std::string owner) {
  entry.owner = std::move(owner);
  changed_(entry.name);
}

}  // namespace schedkit
