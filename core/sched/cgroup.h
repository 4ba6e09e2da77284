// How runs are put into cgroups, by what this machine has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

enum class CgroupManager {
  systemd,   // a scope of its own in schedkit.slice
  cgroupfs,  // /schedkit/ID
  none,      // no limits
};

struct CgroupPlan {
  CgroupManager manager = CgroupManager::none;
  // crun gives up on a machine whose hierarchies are mixed (some controllers in v1, some in v2) even when it is to
  // leave cgroups alone. It then runs in a mount namespace of its own where /sys/fs/cgroup is a plain v2 tree.
  bool hide_hybrid = false;
};

// What the machine offers, found by looking below `root` ("" but for tests).
struct CgroupFacts {
  bool unified = false;      // /sys/fs/cgroup is cgroup v2
  bool hybrid = false;       // v1, with v2 mounted in /sys/fs/cgroup/unified
  bool systemd_bus = false;  // PID 1 is systemd and there is a system bus
};
CgroupFacts read_cgroup_facts();

// `wanted` is the setting: "auto", "systemd", "cgroupfs" or "disabled".
Result<CgroupPlan> plan_cgroups(const std::string& wanted, const CgroupFacts& facts);

// The runtime-spec linux.cgroupsPath of a run; empty when there is to be none.
std::string cgroups_path(const CgroupPlan& plan, const std::string& id);

// The runtime's command line: what precedes its own command ("create", …).
std::vector<std::string> runtime_command(const CgroupPlan& plan, const std::string& runtime, const std::string& root);

// The v2 cgroup of run `id` in the text of a process' /proc/PID/cgroup: the part of its path up to the name that holds
// the id (crun puts the process into a child of its scope). Empty when the process is in no cgroup made for that run.
std::string cgroup_made_for(std::string_view proc_cgroup, std::string_view id);

// The directory of the v2 cgroup that process `pid` is in, provided that it was made for run `id`; else empty.
std::string cgroup_directory(std::int32_t pid, const std::string& id);

// Kills all processes of a v2 cgroup at once (cgroup.kill, Linux 5.14). Nothing happens for an empty directory.
void kill_cgroup(const std::string& directory);

}  // namespace schedkit
