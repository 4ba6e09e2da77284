// Kernel object events, as the kernel multicasts them on NETLINK_KOBJECT_UEVENT (lib/kobject_uevent.c):
// "ACTION@DEVPATH" and then KEY=value strings, each ended by a 0 byte. Reading them takes no privilege; sending them as
// somebody else does not make them the kernel's: its messages alone come from port 0.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

struct Uevent {
  std::string action;   // "add", "remove", …
  std::string devpath;  // without /sys

  bool operator==(const Uevent&) const = default;
};

// nullopt for anything that is no uevent, libudev's messages among them.
std::optional<Uevent> parse_uevent(std::string_view message);

// A non-blocking socket that gets the kernel's events.
Result<UniqueFd> open_uevent_socket();

struct UeventRead {
  enum class Kind { event, ignored, lost, empty } kind = Kind::empty;
  Uevent event;
};

// Takes one message off the socket: an event of the kernel's, something to ignore, the word that events were lost
// (ENOBUFS), or nothing there.
UeventRead read_uevent(const UniqueFd& socket);

}  // namespace schedkit
