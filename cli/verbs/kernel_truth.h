#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "core/policy/status.h"

namespace schedkit {

// "/sys/kernel/sched_ext", or $SCHEDKIT_SYSFS.
std::string sched_ext_directory();

// What the kernel says about sched_ext, for when no daemon does. `sysfs` is sched_ext_directory().
KernelStatus read_kernel_status(const std::string& sysfs);

// What the kernel has counted since the present scheduler was attached (kernel/sched/ext.c, struct scx_event_stats), by
// name without "SCX_EV_"; empty when none is attached, or before Linux 6.15.
using EventCounters = std::map<std::string, std::uint64_t>;
EventCounters read_event_counters(const std::string& sysfs);

// A picture of the kernel alone: idle, or foreign with an unknown owner.
Status kernel_only_status(KernelStatus kernel);

}  // namespace schedkit
