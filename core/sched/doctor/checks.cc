#include "core/sched/doctor/checks.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/base/text.h"

namespace schedkit::doctor {

namespace {

using namespace std::string_view_literals;

// Debian 12's headers are older than the kernels that matter.
constexpr int cap_perfmon = 38;
constexpr int cap_bpf = 39;

Outcome pass_if(bool good) { return good ? Outcome::pass : Outcome::fail; }

// "6.12.3-amd64" → {6, 12}; zeros for what is no number.
std::pair<unsigned, unsigned> version_of(std::string_view release) {
  std::array<unsigned, 2> numbers{};
  std::size_t part = 0;
  for (const char c : release) {
    if (c >= '0' && c <= '9') {
      numbers[part] = numbers[part] * 10 + static_cast<unsigned>(c - '0');
    } else if (c != '.' || ++part == numbers.size()) {
      break;
    }
  }
  return {numbers[0], numbers[1]};
}

Check kernel_version(const Facts& facts) {
  return {"kernel.version",     "Kernel is 6.12 or newer",
          Severity::error,      pass_if(version_of(facts.kernel_release) >= std::pair{6U, 12U}),
          facts.kernel_release, "Boot a kernel of version 6.12 or newer"};
}

Check kernel_sched_ext(const Facts& facts) {
  return {"kernel.sched_ext",
          "The kernel has sched_ext",
          Severity::error,
          pass_if(facts.sched_ext),
          facts.sched_ext ? "" : "/sys/kernel/sched_ext does not exist",
          "Boot a kernel built with CONFIG_SCHED_CLASS_EXT=y"};
}

Check kernel_btf(const Facts& facts) {
  return {"kernel.btf",
          "The kernel describes its types (BTF)",
          Severity::error,
          pass_if(facts.btf),
          facts.btf ? "" : "/sys/kernel/btf/vmlinux is missing or empty",
          "Boot a kernel built with CONFIG_DEBUG_INFO_BTF=y"};
}

bool is_set(std::string_view config, std::string_view option) {
  const auto lines = split(config, '\n');
  return std::ranges::any_of(lines, [&](std::string_view line) {
    return line.size() == option.size() + 2 && line.starts_with(option) && line.ends_with("=y");
  });
}

Check kernel_config(const Facts& facts) {
  Check check{"kernel.config",
              "The kernel is configured for BPF schedulers",
              Severity::error,
              Outcome::skip,
              "neither /proc/config.gz nor /boot/config-RELEASE can be read",
              "Boot a kernel with the options that are named here set to y"};
  if (!facts.config) return check;
  std::string missing;
  for (const auto option : {"CONFIG_BPF"sv, "CONFIG_BPF_SYSCALL"sv, "CONFIG_BPF_JIT"sv, "CONFIG_DEBUG_INFO_BTF"sv,
                            "CONFIG_SCHED_CLASS_EXT"sv}) {
    if (!is_set(*facts.config, option)) missing += (missing.empty() ? "not set: " : ", ") + std::string(option);
  }
  check.outcome = pass_if(missing.empty());
  check.detail = missing;
  return check;
}

Check capability(const Facts& facts, const char* id, const char* name, int number) {
  const bool held = (facts.capabilities >> number & 1) != 0;
  return {id,
          fmt::format("This process has {}", name),
          Severity::error,
          pass_if(held),
          held ? "" : "missing",
          "Run schedctl doctor, and schedkitd, as root"};
}

Check not_needed(const char* id, const char* what) {
  return {id,
          fmt::format("{} can be reached", what),
          Severity::warn,
          Outcome::skip,
          "not needed: schedkit runs images itself",
          "Nothing to do"};
}

Check runtime_any(const Facts& facts) {
  const bool found = !facts.runtime_version.empty();
  return {"runtime.any",
          "A container runtime can be used",
          Severity::error,
          pass_if(found),
          found ? facts.runtime_version : fmt::format("{} cannot be run", facts.runtime),
          "Install crun 1.8 or newer, or set [runtime] path in /etc/schedkit/schedkit.toml"};
}

Check seccomp_notify(const Facts& facts) {
  const char* detail = "";
  if (facts.notify && !facts.wait_killable) detail = "without WAIT_KILLABLE_RECV (Linux 5.19): signals interrupt waits";
  return {"seccomp.notify",
          "seccomp can hold a scheduler's attach call (the gate)",
          Severity::error,
          pass_if(facts.notify),
          facts.notify ? detail : "no user notification",
          "Boot a kernel built with CONFIG_SECCOMP_FILTER=y, 5.5 or newer"};
}

Check bpf_rights(const Facts& facts) {
  return {"bpf.rights",    "BPF programs may be used",
          Severity::error, pass_if(facts.bpf_error.empty()),
          facts.bpf_error, "Run as root; kernel lockdown or a container's seccomp profile may forbid bpf(2)"};
}

Check cgroup_mode(const Facts& facts) {
  return {"cgroup.mode",
          "cgroup v2 limits what schedulers use",
          Severity::warn,
          pass_if(facts.cgroup_unified),
          facts.cgroup_unified  ? "v2"
          : facts.cgroup_hybrid ? "hybrid: schedulers run without limits"
                                : "v1 or none",
          "Boot with systemd.unified_cgroup_hierarchy=1"};
}

Check psi(const Facts& facts) {
  return {"kernel.psi",
          "The kernel measures pressure (PSI)",
          Severity::warn,
          pass_if(facts.psi),
          facts.psi ? "" : "rules on pressure and [rollback] cpu-pressure cannot work",
          "Boot with psi=1, or a kernel built with CONFIG_PSI=y"};
}

Check system_bus(const Facts& facts) {
  return {"bus.system",
          "There is a system bus",
          Severity::info,
          pass_if(facts.bus),
          facts.bus ? "" : "schedctl works without one, as root; rules on D-Bus do not",
          "Install and start dbus"};
}

Check polkit(const Facts& facts) {
  return {"bus.polkit",
          "polkit decides what users may do",
          Severity::info,
          pass_if(facts.polkit),
          facts.polkit ? "" : "only root may choose schedulers",
          "Install polkitd"};
}

struct Rival {
  const char* id;
  const char* comm;  // as the kernel cuts it, 15 characters
  Severity severity;
  const char* trouble;
  const char* remedy;
};
constexpr std::array rivals{
    Rival{"conflict.scx_loader", "scx_loader", Severity::warn, "it attaches schedulers of its own",
          "systemctl disable --now scx_loader"},
    Rival{"conflict.scx_service", "scx_", Severity::warn, "a scheduler that schedkit may not have started runs",
          "If schedctl status calls it foreign: systemctl disable --now scx"},
    Rival{"conflict.ananicy", "ananicy-cpp", Severity::warn, "its nice values work against what schedulers measure",
          "systemctl disable --now ananicy-cpp"},
    Rival{"conflict.gamemode", "gamemoded", Severity::info, "it changes governor and priorities as well",
          "Nothing, unless both are to act on the same games"},
};

Check conflict(const Facts& facts, const Rival& rival) {
  const std::string_view name = rival.comm;
  const auto is_it = [&](std::string_view comm) {
    return comm == name || (name.ends_with('_') && comm.starts_with(name) && comm != "scx_loader");
  };
  const auto found = std::ranges::find_if(facts.processes, is_it);
  const bool runs = found != facts.processes.end();
  return {rival.id,
          fmt::format("{} does not run beside schedkit", name.ends_with('_') ? "scx.service" : name),
          rival.severity,
          pass_if(!runs),
          runs ? fmt::format("{} runs: {}", *found, rival.trouble) : "",
          rival.remedy};
}

// CVE-2026-43392: enabling hangs while ordinary tasks saturate all CPUs. Fixed in 7.0 (rc2); stable kernels from 6.12 on
// got the fix in point releases that differ by distribution, so below 7.0 all that is known is that it may be missing.
Check known_hang(const Facts& facts) {
  const auto version = version_of(facts.kernel_release);
  const bool fixed = version >= std::pair{7U, 0U};
  return {"kernel.cve_2026_43392",
          "Attaching under full load cannot hang the kernel (CVE-2026-43392)",
          Severity::warn,
          !facts.sched_ext ? Outcome::skip : pass_if(fixed),
          !facts.sched_ext ? "no sched_ext"
          : fixed          ? ""
                           : fmt::format("{} is older than 7.0 and may lack the fix", facts.kernel_release),
          "Update the kernel; until then do not switch while all CPUs are saturated"};
}

Check guard_program(const Facts& facts) {
  return {"guard.program",
          "The stall guard is installed",
          Severity::warn,
          pass_if(facts.guard_program),
          facts.guard_program ? "" : "a scheduler that stalls freezes the machine until the kernel's watchdog acts",
          "Install schedkit's libexec/schedkit/schedkit-guard"};
}

Check guard_real_time(const Facts& facts) {
  return {"guard.realtime",      "The stall guard can be a real-time task",
          Severity::warn,        pass_if(facts.real_time_error.empty()),
          facts.real_time_error, "Run as root; with CONFIG_RT_GROUP_SCHED give the service's cgroup cpu.rt_runtime_us"};
}

Check guard_sysrq(const Facts& facts) {
  return {"guard.sysrq",
          "A stalled scheduler can be ejected (SysRq-S)",
          Severity::warn,
          pass_if(facts.sysrq_trigger),
          facts.sysrq_trigger ? "" : "/proc/sysrq-trigger cannot be written",
          "Run as root on a kernel built with CONFIG_MAGIC_SYSRQ=y"};
}

Check daemon_runs(const Facts& facts) {
  return {"daemon.running",
          "schedkitd runs",
          Severity::info,
          pass_if(facts.daemon),
          facts.daemon ? "" : "nobody switches schedulers",
          "systemctl enable --now schedkitd"};
}

Check quarantine(const Facts& facts) {
  std::string names;
  for (const auto& name : facts.quarantined) names += (names.empty() ? "" : ", ") + name;
  return {"quarantine.empty",
          "No scheduler is in quarantine",
          Severity::warn,
          pass_if(names.empty()),
          names,
          "schedctl history tells why; schedctl quarantine clear tries them again"};
}

}  // namespace

std::vector<Check> run_checks(const Facts& facts) {
  std::vector<Check> checks{
      kernel_version(facts),
      kernel_sched_ext(facts),
      kernel_btf(facts),
      kernel_config(facts),
      capability(facts, "caps.cap_bpf", "CAP_BPF", cap_bpf),
      capability(facts, "caps.cap_sys_admin", "CAP_SYS_ADMIN", CAP_SYS_ADMIN),
      capability(facts, "caps.cap_perfmon", "CAP_PERFMON", cap_perfmon),
      not_needed("runtime.podman_socket", "podman"),
      not_needed("runtime.containerd_socket", "containerd"),
      runtime_any(facts),
      seccomp_notify(facts),
      bpf_rights(facts),
      cgroup_mode(facts),
      psi(facts),
      system_bus(facts),
      polkit(facts),
      known_hang(facts),
      guard_program(facts),
      guard_real_time(facts),
      guard_sysrq(facts),
      daemon_runs(facts),
      quarantine(facts),
  };
  for (const auto& rival : rivals) checks.push_back(conflict(facts, rival));
  return checks;
}

Summary summarize(const std::vector<Check>& checks) {
  Summary summary;
  for (const auto& check : checks) {
    if (check.outcome == Outcome::pass) ++summary.passed;
    if (check.outcome == Outcome::skip) ++summary.skipped;
    if (check.outcome != Outcome::fail) continue;
    ++summary.failed;
    if (check.severity == Severity::error) ++summary.blocking;
  }
  return summary;
}

}  // namespace schedkit::doctor
