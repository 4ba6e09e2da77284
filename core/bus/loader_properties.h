#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/policy/model.h"
#include "core/policy/status.h"

namespace schedkit {

// The properties of org.scx.Loader as scx-loader 1.1 and its pending changes #51 (holds) and #71 have them, in our truth:
// a scheduler is the current one while the kernel has it attached.
struct LoaderProperties {
  std::string current = "unknown";  // CurrentScheduler
  std::uint32_t mode = 0;           // SchedulerMode
  std::vector<std::string> args;    // CurrentSchedulerArgs: those that neither mode nor policy gives
  std::vector<std::string> supported;
  std::string default_scheduler = "unknown";
  std::uint32_t default_mode = 0;
  std::vector<HoldStatus> holds;  // ActiveHolds a(ususs): cookie, scheduler, mode, reason, by whom

  bool operator==(const LoaderProperties&) const = default;
};

// `references` are the images of the store.
LoaderProperties loader_properties(const Status& status, const Policy& policy,
                                   const std::vector<std::string>& references);

}  // namespace schedkit
