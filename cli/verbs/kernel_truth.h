#pragma once

#include <string>

#include "core/policy/status.h"

namespace schedkit {

// What the kernel says about sched_ext, for when no daemon does. `sysfs` is usually "/sys/kernel/sched_ext".
KernelStatus read_kernel_status(const std::string& sysfs);

// A picture of the kernel alone: idle, or foreign with an unknown owner.
Status kernel_only_status(KernelStatus kernel);

}  // namespace schedkit
