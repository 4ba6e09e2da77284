#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/unique_fd.h"

namespace schedkit {

// sd_notify(3): what the service manager is told when it started us with Type=notify; nothing without one.
void notify_ready();
void notify_reloading();
void notify_stopping();

// How often the service manager wants to hear from us (WatchdogSec=), halved to be in time; nullopt when it does not.
std::optional<Duration> watchdog_period();
void notify_watchdog();

// The descriptor store of the service manager (sd_notify(3), FDSTORE): it keeps a copy under `name` over our end and
// hands it to the next daemon, as long as the unit's FileDescriptorStoreMax lets it. Nothing without a service manager.
void store_descriptor(const std::string& name, const UniqueFd& fd);
void remove_stored_descriptor(const std::string& name);
// Whether there is one that gets them.
bool descriptors_are_kept();

// What was handed over at start, with names, by the service manager or by hand_over(). Once.
std::vector<std::pair<std::string, UniqueFd>> received_descriptors();

// Runs `argv` in place of this process and hands these descriptors over to it as a service manager does (sd_listen_fds(3)).
// Returns only if that failed; descriptors from 3 on are then no longer what they were, and the process must end.
void hand_over(const std::vector<std::pair<std::string, int>>& descriptors, const std::vector<std::string>& argv);

}  // namespace schedkit
