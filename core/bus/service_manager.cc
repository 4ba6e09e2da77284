#include "core/bus/service_manager.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <ctime>

namespace schedkit {

void notify_ready() { sd_notify(0, "READY=1"); }

// Both in one message, or Type=notify-reload kills the service.
void notify_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  sd_notify(0, fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1'000'000LL + now.tv_nsec / 1000).c_str());
}

void notify_stopping() { sd_notify(0, "STOPPING=1"); }

}  // namespace schedkit
