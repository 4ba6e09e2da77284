// A service on a test's bus, driven by the same loop: it has one property and says what it is told to say.
#pragma once

#include <systemd/sd-bus.h>

#include <functional>
#include <memory>
#include <string>

#include "core/bus/connection.h"
#include "core/loop/loop.h"

namespace schedkit {

class TestService {
 public:
  static constexpr const char* path = "/test";
  static constexpr const char* interface = "test.Interface";
  static constexpr const char* property = "Mode";

  // Owns `name` when this returns ("" for none).
  TestService(Loop& loop, const std::string& address, const std::string& name) {
    sd_bus* raw = nullptr;
    sd_bus_new(&raw);
    BusPtr bus(raw);
    sd_bus_set_address(raw, address.c_str());
    sd_bus_set_bus_client(raw, 1);
    sd_bus_start(raw);
    sd_bus_slot* slot = nullptr;
    sd_bus_add_object(
        raw, &slot, path,
        [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
          return static_cast<TestService*>(self)->get(message);
        },
        this);
    slot_.reset(slot);
    ok = name.empty() ? sd_bus_call_method(raw, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                           "GetId", nullptr, nullptr, "") >= 0
                      : sd_bus_request_name(raw, name.c_str(), 0) >= 0;
    auto made = Connection::create(loop, std::move(bus), [this](int) { slot_.reset(); });
    connection_ = std::move(*made);
  }

  sd_bus* bus() { return connection_->bus(); }

  void changed() {
    sd_bus_message* raw = nullptr;
    sd_bus_message_new_signal(bus(), &raw, path, "org.freedesktop.DBus.Properties", "PropertiesChanged");
    const auto message = Message::adopt(raw);
    sd_bus_message_append(raw, "s", interface);
    sd_bus_message_open_container(raw, 'a', "{sv}");
    sd_bus_message_append(raw, "{sv}", "Other", "ai", 2, 1, 2);
    sd_bus_message_open_container(raw, 'e', "sv");
    sd_bus_message_append(raw, "s", property);
    write(raw);
    sd_bus_message_close_container(raw);
    sd_bus_message_close_container(raw);
    sd_bus_message_append(raw, "as", 0);
    sd_bus_send(bus(), raw, nullptr);
  }
  void invalidated() {
    sd_bus_emit_signal(bus(), path, "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as", interface, 0, 1,
                       property);
  }

  std::function<void(sd_bus_message*)> write = [](sd_bus_message* message) {
    sd_bus_message_append(message, "v", "s", "quiet");
  };
  bool ok = false;
  int gets = 0;

 private:
  int get(sd_bus_message* message) {
    if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus.Properties", "Get") == 0) return 0;
    ++gets;
    const char *asked_interface = nullptr, *asked = nullptr;
    sd_bus_message_read(message, "ss", &asked_interface, &asked);
    if (std::string(asked) != property) return sd_bus_reply_method_errorf(message, "test.Error", "no such property");
    sd_bus_message* raw = nullptr;
    sd_bus_message_new_method_return(message, &raw);
    const auto reply = Message::adopt(raw);
    write(raw);
    sd_bus_send(bus(), raw, nullptr);
    return 1;
  }

  SlotPtr slot_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace schedkit
