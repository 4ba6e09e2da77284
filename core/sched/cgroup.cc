#include "core/sched/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

bool is_cgroup2(const char* path) {
  struct statfs status {};
  return ::statfs(path, &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

bool exists(const char* path) { return ::access(path, F_OK) == 0; }

}  // namespace

CgroupFacts read_cgroup_facts() {
  CgroupFacts facts;
  facts.unified = is_cgroup2("/sys/fs/cgroup");
  facts.hybrid = !facts.unified && is_cgroup2("/sys/fs/cgroup/unified");
  facts.systemd_bus = exists("/run/systemd/system") && exists("/run/dbus/system_bus_socket");  // sd_booted(3)
  return facts;
}

Result<CgroupPlan> plan_cgroups(const std::string& wanted, const CgroupFacts& facts) {
  if (wanted == "disabled") return CgroupPlan{CgroupManager::none, facts.hybrid};
  if (wanted != "auto" && wanted != "systemd" && wanted != "cgroupfs") {
    return fail(Errc::invalid, "cgroup-manager {}: choose \"auto\", \"systemd\", \"cgroupfs\" or \"disabled\"",
                quote(wanted));
  }
  if (!facts.unified) {
    if (wanted == "auto") return CgroupPlan{CgroupManager::none, facts.hybrid};
    return fail(Errc::unsupported, "cgroup-manager \"{}\" needs cgroup v2 at /sys/fs/cgroup; set \"auto\"", wanted);
  }
  if (wanted == "systemd" && !facts.systemd_bus) {
    return fail(Errc::unsupported,
                "cgroup-manager \"systemd\" needs systemd as process 1 and a system bus; set \"auto\"");
  }
  const bool systemd = wanted == "systemd" || (wanted == "auto" && facts.systemd_bus);
  return CgroupPlan{systemd ? CgroupManager::systemd : CgroupManager::cgroupfs, false};
}

std::string cgroups_path(const CgroupPlan& plan, const std::string& id) {
  switch (plan.manager) {
    case CgroupManager::systemd: return "schedkit.slice:schedkit:" + id;
    case CgroupManager::cgroupfs: return "/schedkit/" + id;
    case CgroupManager::none: return "";
  }
  return "";
}

std::vector<std::string> runtime_command(const CgroupPlan& plan, const std::string& runtime, const std::string& root) {
  std::vector<std::string> command;
  if (plan.hide_hybrid) {
    command = {"unshare",
               "--mount",
               "--propagation",
               "private",
               "sh",
               "-c",
               "mount -t cgroup2 none /sys/fs/cgroup && exec \"$@\"",
               "sh"};
  }
  command.insert(command.end(), {runtime, "--root", root});
  switch (plan.manager) {
    case CgroupManager::systemd: command.emplace_back("--systemd-cgroup"); break;
    case CgroupManager::cgroupfs: command.emplace_back("--cgroup-manager=cgroupfs"); break;
    case CgroupManager::none: command.emplace_back("--cgroup-manager=disabled"); break;
  }
  return command;
}

std::string cgroup_made_for(std::string_view proc_cgroup, std::string_view id) {
  for (const auto line : split(proc_cgroup, '\n')) {
    if (!line.starts_with("0::/")) continue;
    const auto path = line.substr(3);
    const auto found = path.find(id);
    if (id.empty() || found == std::string_view::npos) continue;
    return std::string(path.substr(0, path.find('/', found)));
  }
  return "";
}

std::string cgroup_directory(std::int32_t pid, const std::string& id) {
  const auto text = read_file(fmt::format("/proc/{}/cgroup", pid), 64 * 1024);
  const auto path = text ? cgroup_made_for(*text, id) : std::string();
  return path.empty() ? path : "/sys/fs/cgroup" + path;
}

void kill_cgroup(const std::string& directory) {
  if (directory.empty()) return;
  const auto file = open_file(directory + "/cgroup.kill", O_WRONLY);
  // Without the file (an older kernel, an empty cgroup that is gone) the caller's walk over /proc does it alone.
  if (file && ::write(file->get(), "1", 1) != 1) return;
}

}  // namespace schedkit
