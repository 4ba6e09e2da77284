// A polkit authority of a test's own: allows the actions that it is told to.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/bus/connection.h"
#include "core/loop/loop.h"

namespace schedkit {

class FakePolkit {
 public:
  struct Question {
    std::string subject;
    std::string action;
    std::uint32_t flags = 0;
  };

  // Owns its name when this returns.
  FakePolkit(Loop& loop, const std::string& address) {
    sd_bus* raw = nullptr;
    sd_bus_new(&raw);
    BusPtr bus(raw);
    sd_bus_set_address(raw, address.c_str());
    sd_bus_set_bus_client(raw, 1);
    sd_bus_start(raw);
    sd_bus_slot* slot = nullptr;
    sd_bus_add_object(
        raw, &slot, "/org/freedesktop/PolicyKit1/Authority",
        [](sd_bus_message* message, void* self, sd_bus_error*) noexcept {
          return static_cast<FakePolkit*>(self)->answer(message);
        },
        this);
    slot_.reset(slot);
    sd_bus_request_name(raw, "org.freedesktop.PolicyKit1", 0);
    auto made = Connection::create(loop, std::move(bus), [this](int) { slot_.reset(); });
    connection_ = std::move(*made);
  }

  std::set<std::string> allowed;
  bool challenges = false;  // a password would help
  bool silent = false;      // somebody thinks about the password
  std::vector<Question> asked;

 private:
  int answer(sd_bus_message* message) {
    if (sd_bus_message_is_method_call(message, "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization") == 0) {
      return 0;
    }
    const char *kind = nullptr, *key = nullptr, *subject = nullptr, *action = nullptr, *cancel = nullptr;
    std::uint32_t flags = 0;
    sd_bus_message_enter_container(message, 'r', "sa{sv}");
    sd_bus_message_read(message, "s", &kind);
    sd_bus_message_enter_container(message, 'a', "{sv}");
    sd_bus_message_enter_container(message, 'e', "sv");
    sd_bus_message_read(message, "sv", &key, "s", &subject);
    for (int depth = 0; depth < 3; ++depth) sd_bus_message_exit_container(message);
    sd_bus_message_read(message, "s", &action);
    sd_bus_message_skip(message, "a{ss}");
    sd_bus_message_read(message, "us", &flags, &cancel);
    asked.push_back({subject, action, flags});
    if (silent) return 1;
    return sd_bus_reply_method_return(message, "(bba{ss})", static_cast<int>(allowed.contains(action)),
                                      static_cast<int>(challenges), 0);
  }

  SlotPtr slot_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace schedkit
