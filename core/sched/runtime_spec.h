// The OCI runtime-spec 1.0 config.json of a run. Pure. Profiles (design "Running a scheduler"; what schedulers need was
// measured under crun on Linux 7.2):
//   strict      CAP_BPF, CAP_PERFMON, CAP_SYS_NICE; read-only root; own mount, ipc, uts and (empty) network namespace; the
//               host's processes are visible, since schedulers hand pids to the kernel; a list of denied system calls
//   compat      and CAP_SYS_ADMIN, CAP_SYSLOG, a bpffs of its own, tracefs and the cgroup tree read-only
//   privileged  every capability of ours, the host's /sys and /dev, nothing denied
// All have the attach gate: bpf(BPF_LINK_CREATE) asks the listener first. The kernel takes the command from the low
// half of the register, hence the mask; calls by the 32-bit and x32 ABIs are caught as well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sched/permissions.h"
#include "core/sched/run.h"

namespace schedkit {

struct SpecInput {
  std::string id;
  std::string gate_socket;    // absolute path of the socket that gets the seccomp listener
  std::string scx_directory;  // absolute path of the host's directory that becomes /run/scx
  std::string cgroups_path;   // linux.cgroupsPath; empty: no cgroup and no limits
  unsigned cpus = 1;          // for the default memory limit
  Permissions permissions;
};

// Entrypoint and the arguments that replace the image's command when there are any.
std::vector<std::string> arguments_of(const RunRequest& request);

// Bytes: the scheduler's own limit, else the larger of 512 MiB and 8 MiB per CPU (BPF maps count).
std::uint64_t memory_limit(const RunRequest& request, unsigned cpus);
std::uint32_t pids_limit(const RunRequest& request);

// The environment entry by which processes of run `id` are known again when their first process is gone.
std::string run_marker(const std::string& id);

// Errc::invalid when the request asks for what cannot be (unknown capability, relative path); Errc::denied when we lack
// a capability that the profile needs.
Result<std::string> runtime_spec(const RunRequest& request, const SpecInput& input);

}  // namespace schedkit
