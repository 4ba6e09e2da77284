#include "core/bus/message.h"

#include <systemd/sd-bus.h>

namespace schedkit {

void CloseBus::operator()(sd_bus* bus) const noexcept { sd_bus_close_unref(bus); }

void UnrefSlot::operator()(sd_bus_slot* slot) const noexcept { sd_bus_slot_unref(slot); }

Message Message::share(sd_bus_message* message) { return Message(sd_bus_message_ref(message)); }

Message::Message(const Message& other) : message_(sd_bus_message_ref(other.message_)) {}

Message::~Message() { sd_bus_message_unref(message_); }

}  // namespace schedkit
