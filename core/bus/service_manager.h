#pragma once

namespace schedkit {

// sd_notify(3): what the service manager is told when it started us with Type=notify; nothing without one.
void notify_ready();
void notify_reloading();
void notify_stopping();

}  // namespace schedkit
