#include "core/sched/runtime_spec.h"

#include <linux/capability.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/sched/seccomp_profile.h"

namespace schedkit {

namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

constexpr std::uint64_t mebibyte = 1024 * 1024;
constexpr std::uint64_t nofile_wanted = 65536;
constexpr int oom_score = -500;  // a killed scheduler costs the machine more than most of what it schedules

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> check_texts(const Strings& texts, std::string_view what) {
  for (const auto& text : texts) {
    if (has_nul(text)) return fail(Errc::invalid, "{} {} holds a 0 byte", what, quote(text));
  }
  return {};
}

// Absolute and without "." and "..", so that what is asked for is what is bound.
Result<void> check_path(const std::string& path, std::string_view what) {
  const auto pieces = split(path, '/');
  const bool dots =
      std::find_if(pieces.begin(), pieces.end(), [](auto p) { return p == "." || p == ".."; }) != pieces.end();
  if (path.starts_with('/') && path.size() > 1 && !dots && !has_nul(path)) return {};
  return fail(Errc::invalid, "{} {}: give an absolute path without \"..\"", what, quote(path));
}

Result<std::set<int>> wanted_capabilities(const Scheduler& scheduler, std::uint64_t available) {
  std::set<int> wanted{CAP_SYS_NICE, CAP_PERFMON, CAP_BPF};
  if (scheduler.profile == Profile::compat) wanted.insert({CAP_SYS_ADMIN, CAP_SYSLOG});
  for (const auto& name : scheduler.caps_add) {
    const auto number = capability_number(name);
    if (!number)
      return fail(Errc::invalid, "caps-add {}: no such capability; write it like \"CAP_SYS_NICE\"", quote(name));
    wanted.insert(*number);
  }
  for (const int number : wanted) {
    if (((available >> number) & 1U) != 0) continue;
    return fail(Errc::denied, "profile {} needs {}, which this daemon itself does not have",
                to_string(scheduler.profile), capability_name(number));
  }
  if (scheduler.profile != Profile::privileged) return wanted;
  for (int number = 0; !capability_name(number).empty(); ++number) {
    if (((available >> number) & 1U) != 0) wanted.insert(number);
  }
  return wanted;
}

Json rlimit(const char* type, std::uint64_t limit) { return {{"type", type}, {"hard", limit}, {"soft", limit}}; }

Json rlimits(const Permissions& permissions) {
  const auto unlimited = std::numeric_limits<std::uint64_t>::max();
  const bool raise = permissions.raise_limits;
  return Json::array(
      {rlimit("RLIMIT_MEMLOCK", raise ? unlimited : permissions.memlock_limit),
       rlimit("RLIMIT_NOFILE", raise ? nofile_wanted : std::min(nofile_wanted, permissions.nofile_limit))});
}

// Policy over image over what every program expects.
Json environment(const RunRequest& request, const std::string& id) {
  Strings env;
  std::set<std::string, std::less<>> known;
  const auto add = [&](const std::string& entry) {
    if (known.insert(entry.substr(0, entry.find('='))).second) env.push_back(entry);
  };
  add(run_marker(id));
  for (const auto& [key, value] : request.choice.scheduler->env) add(key + "=" + value);
  for (const auto& entry : request.image.env) add(entry);
  add("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
  add("HOME=/");
  return env;
}

Json mount(const std::string& target, const char* type, const std::string& source, const Strings& options) {
  return {{"destination", target}, {"type", type}, {"source", source}, {"options", options}};
}

void add_private_mounts(Json& mounts) {
  mounts.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "mode=755", "size=64k"}));
  mounts.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
}

void add_compat_mounts(Json& mounts) {
  mounts.push_back(mount("/sys/fs/bpf", "bpf", "bpf", {"nosuid", "noexec", "nodev", "mode=700"}));
  mounts.push_back(mount("/sys/kernel/tracing", "tracefs", "tracefs", {"nosuid", "noexec", "nodev", "ro"}));
  mounts.push_back(mount("/sys/fs/cgroup", "bind", "/sys/fs/cgroup", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
}

void add_host_mounts(Json& mounts) {
  mounts.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(mount("/dev", "bind", "/dev", {"rbind", "rw"}));
  mounts.push_back(mount("/sys", "bind", "/sys", {"rbind", "rw"}));
}

Json mounts_of(const Scheduler& scheduler, const SpecInput& input) {
  Json mounts = Json::array();
  if (scheduler.profile == Profile::privileged) {
    add_host_mounts(mounts);
  } else {
    add_private_mounts(mounts);
  }
  if (scheduler.profile == Profile::compat) add_compat_mounts(mounts);
  mounts.push_back(mount("/tmp", "tmpfs", "tmpfs", {"nosuid", "noexec", "nodev", "mode=1777", "size=16m"}));
  mounts.push_back(mount("/run", "tmpfs", "tmpfs", {"nosuid", "noexec", "nodev", "mode=755", "size=1m"}));
  mounts.push_back(mount("/run/scx", "bind", input.scx_directory, {"bind", "rw", "nosuid", "noexec", "nodev"}));
  for (const auto& path : scheduler.paths_rw) {
    mounts.push_back(mount(path, "bind", path, {"rbind", "rw", "nosuid", "noexec", "nodev"}));
  }
  for (const auto& path : scheduler.devices) {
    mounts.push_back(mount(path, "bind", path, {"bind", "rw", "nosuid", "noexec"}));
  }
  return mounts;
}

Json read_only_paths(const Scheduler& scheduler) {
  Json paths = Json::array();
  for (const char* path : {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus"}) {
    const auto& writable = scheduler.paths_rw;
    if (std::find(writable.begin(), writable.end(), path) == writable.end()) paths.push_back(path);
  }
  return paths;
}

Json linux_part(const RunRequest& request, const SpecInput& input) {
  const Scheduler& scheduler = *request.choice.scheduler;
  const bool privileged = scheduler.profile == Profile::privileged;
  Json part;
  part["namespaces"] = {{{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "network"}}};
  part["seccomp"] = seccomp_profile(input.gate_socket, input.id, privileged, input.permissions.wait_killable);
  if (!privileged) {
    part["maskedPaths"] = {"/proc/kcore", "/proc/keys", "/sys/firmware"};
    part["readonlyPaths"] = read_only_paths(scheduler);
  }
  if (!input.cgroups_path.empty()) {
    part["cgroupsPath"] = input.cgroups_path;
    part["resources"] = {{"memory", {{"limit", memory_limit(request, input.cpus)}}},
                         {"pids", {{"limit", pids_limit(request)}}}};
  }
  return part;
}

Json process_part(const RunRequest& request, const SpecInput& input, const std::set<int>& capabilities) {
  Strings names;
  for (const int number : capabilities) names.emplace_back(capability_name(number));
  Json process = {
      {"terminal", false},
      {"user", {{"uid", 0}, {"gid", 0}}},
      {"args", arguments_of(request)},
      {"env", environment(request, input.id)},
      {"cwd", request.image.working_directory.empty() ? "/" : request.image.working_directory},
      {"capabilities", {{"bounding", names}, {"effective", names}, {"permitted", names}}},
      {"rlimits", rlimits(input.permissions)},
      {"noNewPrivileges", request.choice.scheduler->profile != Profile::privileged},
  };
  if (input.permissions.raise_limits) process["oomScoreAdj"] = oom_score;
  return process;
}

Result<void> check(const RunRequest& request) {
  if (!request.choice.scheduler) return fail(Errc::invalid, "the kernel's own scheduler needs no container");
  const Scheduler& scheduler = *request.choice.scheduler;
  if (arguments_of(request).empty()) {
    return fail(Errc::invalid, "image {} names no program and scheduler {} gives no args", request.image.reference,
                scheduler.name);
  }
  if (auto checked = check_path(request.image.rootfs, "root file system"); !checked) return checked;
  if (!request.image.working_directory.empty() && !request.image.working_directory.starts_with('/')) {
    return fail(Errc::invalid, "working directory {} of image {} is not absolute",
                quote(request.image.working_directory), request.image.reference);
  }
  for (const auto& path : scheduler.paths_rw) {
    if (auto checked = check_path(path, "paths-rw"); !checked) return checked;
  }
  for (const auto& path : scheduler.devices) {
    if (auto checked = check_path(path, "devices"); !checked) return checked;
    if (!path.starts_with("/dev/")) return fail(Errc::invalid, "devices {}: not below /dev", quote(path));
  }
  if (auto checked = check_texts(arguments_of(request), "argument"); !checked) return checked;
  return check_texts(request.image.env, "environment");
}

}  // namespace

std::vector<std::string> arguments_of(const RunRequest& request) {
  auto arguments = request.image.entrypoint;
  const auto& rest = request.choice.args.empty() ? request.image.command : request.choice.args;
  arguments.insert(arguments.end(), rest.begin(), rest.end());
  return arguments;
}

std::uint64_t memory_limit(const RunRequest& request, unsigned cpus) {
  const std::uint64_t own = request.choice.scheduler ? request.choice.scheduler->memory : 0;
  return own != 0 ? own : std::max<std::uint64_t>(512 * mebibyte, 8 * mebibyte * cpus);
}

std::uint32_t pids_limit(const RunRequest& request) {
  const std::uint32_t own = request.choice.scheduler ? request.choice.scheduler->pids : 0;
  return own != 0 ? own : 512;
}

std::string run_marker(const std::string& id) { return "SCHEDKIT_RUN=" + id; }

Result<std::string> runtime_spec(const RunRequest& request, const SpecInput& input) {
  if (auto checked = check(request); !checked) return fail(std::move(checked.error()));
  const Scheduler& scheduler = *request.choice.scheduler;
  const auto capabilities = wanted_capabilities(scheduler, input.permissions.capabilities);
  if (!capabilities) return fail(capabilities.error());
  const Json spec = {
      {"ociVersion", "1.0.2"},
      {"process", process_part(request, input, *capabilities)},
      {"root", {{"path", request.image.rootfs}, {"readonly", true}}},
      {"hostname", "schedkit"},
      {"mounts", mounts_of(scheduler, input)},
      {"linux", linux_part(request, input)},
      {"annotations", {{"io.schedkit.run", input.id}, {"io.schedkit.scheduler", scheduler.name}}},
  };
  return spec.dump(1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace schedkit
