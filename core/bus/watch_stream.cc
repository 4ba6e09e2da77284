#include "core/bus/watch_stream.h"

#include <systemd/sd-bus.h>

#include "core/bus/event_json.h"
#include "core/bus/names.h"

namespace schedkit {

WatchStream::WatchStream(sd_bus* bus, Instant beginning, MakeSnapshot snapshot)
    : bus_(bus), beginning_(beginning), snapshot_(std::move(snapshot)) {
  send(beginning, action_json(snapshot_(), beginning));
}

bool WatchStream::has_room(std::size_t size) {
  std::uint64_t waiting = 0;
  if (sd_bus_get_n_queued_write(bus_, &waiting) < 0) return false;
  if (waiting == 0) sent_ = 0;
  return waiting == 0 || (waiting < most_waiting && sent_ + size <= most_waiting_bytes);
}

void WatchStream::send(Instant at, const std::string& object) {
  const auto line = script_line(at - beginning_, object);
  sent_ += line.size();
  sd_bus_emit_signal(bus_, bus::manager_path, bus::manager_interface, "Watched", "s", line.c_str());
}

void WatchStream::tell(Instant at, const std::string& object) {
  if (lost_ == 0 && has_room(object.size())) return send(at, object);
  ++lost_;
}

void WatchStream::drained(Instant at) {
  if (lost_ == 0 || !has_room(0)) return;
  const SimulatedWait dropped{std::exchange(lost_, 0)};
  send(at, action_json(dropped, at));
  send(at, action_json(snapshot_(), at));
}

}  // namespace schedkit
