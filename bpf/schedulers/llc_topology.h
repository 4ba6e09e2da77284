// Which CPUs share a last-level cache, from sysfs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

struct LlcTopology {
  std::uint32_t count = 1;            // of distinct caches, at least 1
  std::vector<std::uint16_t> of_cpu;  // by CPU number, 0..count-1; offline CPUs and those without a known cache: 0
};

// "0-3,8,10-11" as sysfs writes shared_cpu_list; numbers below `limit`, else an error. "" is no CPU.
Result<std::vector<std::uint32_t>> parse_cpu_list(std::string_view text, std::uint32_t limit);

// Reads `cpu_root` (normally /sys/devices/system/cpu): of each online CPU the cache with the highest level. A machine
// that describes no caches, as many virtual ones, has one LLC. CPUs from `max_cpus` on are left out; caches beyond
// `max_llcs` share numbers. Fails only when the list of online CPUs cannot be read or a list is malformed.
Result<LlcTopology> read_llc_topology(const std::string& cpu_root, std::uint32_t max_cpus, std::uint32_t max_llcs);

}  // namespace schedkit
