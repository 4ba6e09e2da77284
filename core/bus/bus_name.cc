#include "core/bus/bus_name.h"

#include <systemd/sd-bus.h>

#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr const char* driver = "org.freedesktop.DBus";

// Answers of RequestName, D-Bus specification.
constexpr std::uint32_t primary_owner = 1;
constexpr std::uint32_t in_queue = 2;
constexpr std::uint32_t already_owner = 4;

SlotPtr match(sd_bus* bus, const char* member, const std::string& name, sd_bus_message_handler_t handler, void* data) {
  const std::string rule =
      fmt::format("type='signal',sender='{0}',interface='{0}',path='/org/freedesktop/DBus',member='{1}',arg0='{2}'",
                  driver, member, name);
  sd_bus_slot* slot = nullptr;
  sd_bus_add_match_async(bus, &slot, rule.c_str(), handler, nullptr, data);
  return SlotPtr(slot);
}

bool from_driver(sd_bus_message* message) {
  const char* sender = sd_bus_message_get_sender(message);
  return sender != nullptr && std::string_view(sender) == driver;  // a peer may send anything
}

}  // namespace

void BusName::up(sd_bus* bus) {
  bus_ = bus;
  const auto acquired = [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    if (from_driver(message)) static_cast<BusName*>(self)->acquired();
    return 0;
  };
  const auto lost = [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
    if (from_driver(message)) static_cast<BusName*>(self)->lost();
    return 0;
  };
  acquired_ = match(bus, "NameAcquired", name_, acquired, this);
  lost_ = match(bus, "NameLost", name_, lost, this);
  if (claimed_) ask();
}

void BusName::down() {
  bus_ = nullptr;
  owned_ = false;
  request_.reset();
  acquired_.reset();
  lost_.reset();
}

void BusName::claim() {
  claimed_ = true;
  if (bus_ != nullptr && !owned_) ask();
}

void BusName::give_up() {
  if (!std::exchange(claimed_, false) || bus_ == nullptr) return;
  owned_ = false;
  request_.reset();
  sd_bus_release_name_async(
      bus_, nullptr, name_.c_str(), [](sd_bus_message*, void*, sd_bus_error*) noexcept { return 0; }, nullptr);
}

void BusName::ask() {
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_request_name_async(
      bus_, &slot, name_.c_str(), SD_BUS_NAME_QUEUE,
      [](sd_bus_message* reply, void* self, sd_bus_error*) noexcept {
        static_cast<BusName*>(self)->answered(reply);
        return 0;
      },
      this);
  if (error < 0) return told_(fail_errno(-error, "cannot ask the bus for the name " + name_));
  request_.reset(slot);
}

void BusName::answered(sd_bus_message* reply) {
  request_.reset();
  std::uint32_t code = 0;
  if (sd_bus_message_is_method_error(reply, nullptr) != 0) {
    const auto* error = sd_bus_message_get_error(reply);
    return told_(fail(Errc::denied, "the bus does not give us the name {}: {}", name_,
                      bus::printable(error->message != nullptr ? error->message : error->name)));
  }
  if (sd_bus_message_read(reply, "u", &code) <= 0) code = 0;
  if (code == primary_owner || code == already_owner) return acquired();
  if (code == in_queue) {
    return told_(fail(Errc::busy, "another program owns the bus name {}; it is taken when that ends", name_));
  }
  told_(fail(Errc::failed, "the bus does not give us the name {}", name_));
}

void BusName::acquired() {
  if (!claimed_ || std::exchange(owned_, true)) return;
  told_({});
}

void BusName::lost() {
  if (!std::exchange(owned_, false) || !claimed_) return;
  ask();
}

}  // namespace schedkit
