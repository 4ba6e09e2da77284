#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/clock.h"
#include "core/policy/simulation.h"

struct sd_bus;

namespace schedkit {

// What one client is told: signals Watched(s line) of io.schedkit.Manager1 with lines of a script (event_json.h), the
// first of them a snapshot. For a client that does not read at most about a MiB waits here, beside what the kernel keeps
// in the socket (sd-bus asks for 8 MiB): from then on lines are dropped, and when it has read what waits it is told how
// many, and a new snapshot.
class WatchStream {
 public:
  static constexpr std::uint64_t most_waiting = 64;               // lines
  static constexpr std::size_t most_waiting_bytes = 1024 * 1024;  // but for a snapshot, of which one waits at most

  using MakeSnapshot = std::function<SimulatedSnapshot()>;

  // `bus` must outlive it. `at` of the lines is counted from `beginning`.
  WatchStream(sd_bus* bus, Instant beginning, MakeSnapshot snapshot);

  void tell(Instant at, const std::string& object);
  // Whatever waited has been read.
  void drained(Instant at);

 private:
  bool has_room(std::size_t size);
  void send(Instant at, const std::string& object);

  sd_bus* bus_;
  Instant beginning_;
  MakeSnapshot snapshot_;
  std::size_t sent_ = 0;  // bytes since nothing waited
  std::uint64_t lost_ = 0;
};

}  // namespace schedkit
