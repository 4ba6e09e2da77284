#include "core/bus/property_watch.h"

#include <fmt/format.h>
#include <systemd/sd-bus.h>

#include <algorithm>

#include "core/bus/names.h"
#include "core/bus/property_value.h"

namespace schedkit {

namespace {

constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";
constexpr std::ptrdiff_t most_calls = 64;  // dbus-daemon's max_replies_per_connection is 128

}  // namespace

void PropertyWatch::follow(const std::set<PropertyName>& properties) {
  std::erase_if(entries_, [&](const auto& entry) { return !properties.contains(entry.first); });
  for (const auto& property : properties) {
    const auto [place, added] = entries_.try_emplace(property, Entry{this, property});
    Entry& entry = place->second;
    if (entry.known) told_(property, entry.value);
    if (!added || bus_ == nullptr) continue;
    listen(entry);
    if (!owners_.owner(property.name).empty()) request(entry);
  }
  send_next();
}

void PropertyWatch::up(sd_bus* bus) {
  bus_ = bus;
  for (auto& [property, entry] : entries_) listen(entry);
}

void PropertyWatch::down() {
  bus_ = nullptr;
  waiting_.clear();
  for (auto& [property, entry] : entries_) {
    entry.match.reset();
    entry.get.reset();
    learn(entry, std::nullopt, "");
    entry.known = false;
  }
}

void PropertyWatch::owner_changed(const std::string& name) {
  const bool owned = !owners_.owner(name).empty();
  for (auto& [property, entry] : entries_) {
    if (property.name != name) continue;
    if (owned) {
      request(entry);
    } else {
      entry.get.reset();
      learn(entry, std::nullopt, "");
    }
  }
  send_next();
}

void PropertyWatch::listen(Entry& entry) {
  const auto& property = entry.property;
  const std::string rule =
      fmt::format("type='signal',sender='{}',path='{}',interface='{}',member='PropertiesChanged',arg0='{}'",
                  property.name, property.path, properties_interface, property.interface);
  const auto heard = [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
    auto* self = static_cast<Entry*>(context);
    self->all->changed(*self, message);
    return 0;
  };
  const auto installed = [](sd_bus_message* message, void* context, sd_bus_error*) noexcept {
    if (const auto* error = sd_bus_message_get_error(message)) {
      static_cast<Entry*>(context)->trouble = fmt::format("its changes are not told: {}", error->message);
    }
    return 0;
  };
  sd_bus_slot* slot = nullptr;
  if (sd_bus_add_match_async(bus_, &slot, rule.c_str(), heard, installed, &entry) >= 0) entry.match.reset(slot);
}

void PropertyWatch::request(Entry& entry) {
  entry.get.reset();
  if (std::ranges::find(waiting_, entry.property) == waiting_.end()) waiting_.push_back(entry.property);
}

void PropertyWatch::send_next() {
  const auto pending = [](const auto& entry) { return entry.second.get != nullptr; };
  for (auto room = most_calls - std::ranges::count_if(entries_, pending); room > 0 && !waiting_.empty();) {
    const auto next = entries_.find(waiting_.front());
    waiting_.pop_front();
    if (next == entries_.end() || bus_ == nullptr) continue;
    send(next->second);
    --room;
  }
}

void PropertyWatch::send(Entry& entry) {
  const auto& property = entry.property;
  sd_bus_message* raw = nullptr;
  int error = sd_bus_message_new_method_call(bus_, &raw, property.name.c_str(), property.path.c_str(),
                                             properties_interface, "Get");
  if (error < 0) return learn(entry, std::nullopt, "it has no valid name");
  const auto message = Message::adopt(raw);
  sd_bus_message_set_auto_start(raw, 0);
  error = sd_bus_message_append(raw, "ss", property.interface.c_str(), property.property.c_str());
  sd_bus_slot* slot = nullptr;
  const auto received = [](sd_bus_message* reply, void* context, sd_bus_error*) noexcept {
    auto* self = static_cast<Entry*>(context);
    self->all->answered(*self, reply);
    return 0;
  };
  if (error >= 0) error = sd_bus_call_async(bus_, &slot, raw, received, &entry, 0);
  if (error < 0) return learn(entry, std::nullopt, "it cannot be asked for");
  entry.get.reset(slot);
}

void PropertyWatch::answered(Entry& entry, sd_bus_message* message) {
  entry.get.reset();
  if (const auto* error = sd_bus_message_get_error(message)) {
    const std::string_view name(error->name);
    const bool absent = name.ends_with(".NameHasNoOwner") || name.ends_with(".ServiceUnknown");
    learn(entry, std::nullopt, absent ? "" : bus::printable(error->message != nullptr ? error->message : error->name));
  } else if (auto value = read_variant(message)) {
    learn(entry, std::move(*value), "");
  } else {
    learn(entry, std::nullopt, value.error().text);
  }
  send_next();
}

// sa{sv}as: interface, changed properties with values, names of those that only changed.
void PropertyWatch::changed(Entry& entry, sd_bus_message* message) {
  const char* sender = sd_bus_message_get_sender(message);
  const auto& owner = owners_.owner(entry.property.name);
  if (sender == nullptr || (owner != sender && entry.property.name != sender)) return;
  sd_bus_message_rewind(message, 1);
  const char* text = nullptr;
  if (sd_bus_message_read(message, "s", &text) <= 0 || entry.property.interface != text) return;
  if (sd_bus_message_enter_container(message, 'a', "{sv}") < 0) return;
  while (sd_bus_message_enter_container(message, 'e', "sv") > 0) {
    if (sd_bus_message_read(message, "s", &text) <= 0) return;
    if (entry.property.property == text) {
      auto value = read_variant(message);
      entry.get.reset();  // its answer was sent before
      if (value) {
        learn(entry, std::move(*value), "");
      } else {
        learn(entry, std::nullopt, value.error().text);
      }
    } else {
      sd_bus_message_skip(message, "v");
    }
    sd_bus_message_exit_container(message);
  }
  sd_bus_message_exit_container(message);
  if (sd_bus_message_enter_container(message, 'a', "s") < 0) return send_next();
  while (sd_bus_message_read(message, "s", &text) > 0) {
    if (entry.property.property == text) request(entry);
  }
  send_next();
}

void PropertyWatch::learn(Entry& entry, std::optional<PropertyValue> value, std::string trouble) {
  entry.trouble = std::move(trouble);
  if (entry.known && entry.value == value) return;
  const bool was_known = std::exchange(entry.known, true);
  if (!was_known && !value && bus_ == nullptr) return;  // nothing was said before
  entry.value = std::move(value);
  told_(entry.property, entry.value);
}

std::optional<PropertyValue> PropertyWatch::value(const PropertyName& property) const {
  const auto found = entries_.find(property);
  return found == entries_.end() ? std::nullopt : found->second.value;
}

std::vector<std::string> PropertyWatch::troubles() const {
  std::vector<std::string> all;
  std::set<std::string> absent;
  for (const auto& [property, entry] : entries_) {
    if (!entry.trouble.empty()) {
      all.push_back(fmt::format("{} {} {}.{}: {}", property.name, property.path, property.interface, property.property,
                                entry.trouble));
    }
    if (bus_ != nullptr && entry.known && owners_.owner(property.name).empty()) absent.insert(property.name);
  }
  for (const auto& name : absent) all.push_back("nobody owns " + name);
  return all;
}

}  // namespace schedkit
