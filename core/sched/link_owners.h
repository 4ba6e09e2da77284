#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/sched/kernel.h"

namespace schedkit {

// Fills in the owners of `links`: the processes under `proc` that have the link open (proc_pid_fdinfo: "link_id:").
void find_owners(std::vector<SchedulerLink>& links, const std::string& proc);

// Where below `bpffs` the link is pinned; nullopt when it is not or cannot be found within reason.
std::optional<std::string> find_pin(std::uint32_t link_id, const std::string& bpffs);

// "scx_rusty (pid 42, scx.service)", with the unit or else the cgroup; "nobody, pinned at /sys/fs/bpf/x".
std::string describe_holder(const SchedulerLink& link, const std::string& proc, const std::string& bpffs);

}  // namespace schedkit
