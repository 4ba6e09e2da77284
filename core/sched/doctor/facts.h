// What schedctl doctor looks at, read once: the checks (checks.h) are pure functions over it. Reading changes nothing
// and needs no daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace schedkit::doctor {

struct Facts {
  std::string kernel_release;
  bool sched_ext = false;             // /sys/kernel/sched_ext
  bool btf = false;                   // /sys/kernel/btf/vmlinux, not empty
  std::optional<std::string> config;  // the kernel's configuration as text; none found
  std::uint64_t capabilities = 0;     // effective, bit per capability
  std::string bpf_error;              // a harmless bpf(2) call; empty: it works
  bool notify = false;                // seccomp knows SECCOMP_RET_USER_NOTIF
  bool wait_killable = false;         // …and SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
  std::string runtime;                // as set, "crun"
  std::string runtime_version;        // the first line of `crun --version`; empty: it cannot be run
  bool cgroup_unified = false;
  bool cgroup_hybrid = false;
  bool psi = false;                      // /proc/pressure/cpu can be read
  bool bus = false;                      // the system bus' socket
  bool polkit = false;                   // polkitd is installed
  std::vector<std::string> processes;    // comm of each one that runs
  bool guard_program = false;            // schedkit-guard is installed
  std::string real_time_error;           // becoming a SCHED_FIFO task; empty: it works
  bool sysrq_trigger = false;            // /proc/sysrq-trigger can be opened for writing
  bool daemon = false;                   // schedkitd's socket takes connections
  std::vector<std::string> quarantined;  // what quarantine.json of the state directory lists
};

// As the daemon uses them; `libexec` is where schedkit-guard is installed, unless it is beside this program.
struct Places {
  std::string runtime;
  std::string run_dir;
  std::string state_dir;
  std::string libexec;
};

Facts read_facts(const Places& places);

}  // namespace schedkit::doctor
