// What this daemon itself may do, and therefore can give to a container.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

struct Permissions {
  std::uint64_t capabilities = 0;  // bounding set, bit per capability (linux/capability.h)
  std::uint64_t nofile_limit = 0;  // hard limit of open files, of locked memory in bytes
  std::uint64_t memlock_limit = 0;
  bool raise_limits = false;   // CAP_SYS_RESOURCE: limits and a negative oom_score_adj
  bool wait_killable = false;  // the kernel knows SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (Linux 5.19)
};

Result<Permissions> read_permissions();

// "CAP_SYS_NICE" → 23; nullopt for a name we do not know.
std::optional<int> capability_number(std::string_view name);
// The other way; empty for an unknown number.
std::string_view capability_name(int number);

}  // namespace schedkit
