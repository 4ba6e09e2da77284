// The blocking client's stream of what happens.
#include <systemd/sd-bus.h>

#include <deque>

#include "core/bus/client.h"
#include "core/bus/names.h"

namespace schedkit {

namespace {

constexpr std::uint64_t wait_microseconds = 500'000;  // between looks whether it is to end

int on_watched(sd_bus_message* signal, void* data, sd_bus_error*) noexcept {
  const char* line = nullptr;
  if (sd_bus_message_is_signal(signal, bus::manager_interface, "Watched") > 0 &&
      sd_bus_message_read(signal, "s", &line) > 0) {
    static_cast<std::deque<std::string>*>(data)->emplace_back(line);
  }
  return 0;
}

}  // namespace

Result<void> Client::watch(const std::function<bool(const std::string& line)>& on_line) {
  std::deque<std::string> lines;
  sd_bus_slot* slot = nullptr;
  const int error = sd_bus_add_filter(bus_.get(), &slot, on_watched, &lines);
  const SlotPtr filter(slot);
  if (error < 0) return fail_errno(-error, "cannot watch");
  if (auto begun = command("Watch", std::chrono::seconds(30)); !begun) return begun;
  for (;;) {
    const int worked = sd_bus_process(bus_.get(), nullptr);
    if (worked < 0) return fail(Errc::io, "the daemon closed the connection");
    for (; !lines.empty(); lines.pop_front()) {
      if (!on_line(lines.front())) return {};
    }
    if (worked > 0) continue;
    if (!on_line("")) return {};
    sd_bus_wait(bus_.get(), wait_microseconds);
  }
}

}  // namespace schedkit
