#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/bus/bus_link.h"
#include "core/policy/status.h"

namespace schedkit {

// The daemon's status, followed, for a program with a loop: asked for when the daemon comes and after each of its
// signals, never by the clock. A daemon that is away is waited for.
class DaemonLink {
 public:
  // Later, on the loop thread; an error when the daemon is away or its answer cannot be read. May not destroy us.
  using Told = std::function<void(const Result<Status>& status)>;

  // `socket`: one of names.h.
  DaemonLink(Loop& loop, const Clock& clock, const std::string& socket, Told told);
  ~DaemonLink();

  void open();

  // For the callbacks of sd-bus.
  void ask_soon();
  void answered(sd_bus_message* answer);

 private:
  void up(sd_bus* bus);
  void down();
  void ask();

  const Clock& clock_;
  const std::string socket_;
  Told told_;
  Timer soon_;  // signals come in bursts
  SlotPtr signals_;
  SlotPtr question_;
  bool again_ = false;  // something happened while a question was under way
  BusLink link_;        // goes before what its callbacks use
};

}  // namespace schedkit
