#pragma once

#include <string>
#include <vector>

#include "core/sched/kernel.h"

namespace schedkit {

// Fills in the owners of `links`: the processes under `proc` that have the link open (proc_pid_fdinfo: "link_id:").
void find_owners(std::vector<SchedulerLink>& links, const std::string& proc);

}  // namespace schedkit
