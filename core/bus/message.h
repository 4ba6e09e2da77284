// Owners of sd-bus objects. Only core/bus includes <systemd/sd-bus.h>; these declarations are enough for others.
#pragma once

#include <memory>
#include <utility>

struct sd_bus;
struct sd_bus_message;
struct sd_bus_slot;

namespace schedkit {

// Closes without flushing: sd_bus_flush() blocks until a peer reads, or even until it has authenticated. What we send
// is written at once as long as the peer's buffer has room.
struct CloseBus {
  void operator()(sd_bus* bus) const noexcept;
};
using BusPtr = std::unique_ptr<sd_bus, CloseBus>;

struct UnrefSlot {
  void operator()(sd_bus_slot* slot) const noexcept;
};
using SlotPtr = std::unique_ptr<sd_bus_slot, UnrefSlot>;

// A counted reference to a message. It keeps its bus in memory, though not open.
class Message {
 public:
  Message() = default;
  // Takes over a reference that the caller owns.
  static Message adopt(sd_bus_message* message) { return Message(message); }
  // Adds a reference of its own, to answer a call after its handler has returned.
  static Message share(sd_bus_message* message);

  Message(const Message& other);
  Message(Message&& other) noexcept : message_(std::exchange(other.message_, nullptr)) {}
  Message& operator=(Message other) noexcept {
    std::swap(message_, other.message_);
    return *this;
  }
  ~Message();

  sd_bus_message* get() const { return message_; }

 private:
  explicit Message(sd_bus_message* message) : message_(message) {}

  sd_bus_message* message_ = nullptr;
};

}  // namespace schedkit
