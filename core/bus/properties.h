#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/policy/status.h"

namespace schedkit {

// The properties of io.schedkit.Manager1, all texts but Since and Holds. Texts are printable ASCII and empty when there
// is nothing to tell.
//
//   State          to_string(SystemState)
//   Scheduler      of ours that is attached or whose process runs; Image, Digest and Mode belong to it
//   Ops            name of the attached ops, KernelState its state, as the kernel has them
//   Rule, Reason   why the present decision is what it is
//   Override       who overrode the rules
//   Since          when that scheduler was started, microseconds of CLOCK_REALTIME; 0: none (t)
//   Holds          what clients hold, the one that counts last: a(ussss), cookie, scheduler, mode, by whom, what for
//   DaemonVersion
struct Properties {
  static constexpr std::array<const char*, 11> names{"State",    "Scheduler",   "Ops",          "Image",
                                                     "Digest",   "Rule",        "Reason",       "Mode",
                                                     "Override", "KernelState", "DaemonVersion"};

  std::array<std::string, names.size()> texts;  // in the order of `names`
  std::uint64_t since = 0;
  std::vector<HoldStatus> holds;

  bool operator==(const Properties&) const = default;
};

Properties properties_of(const Status& status);

}  // namespace schedkit
