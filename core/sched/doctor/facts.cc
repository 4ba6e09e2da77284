#include "core/sched/doctor/facts.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/cgroup.h"
#include "core/sched/permissions.h"
#include "core/sched/process_fd.h"
#include "core/sched/strikes.h"

namespace schedkit::doctor {

namespace {

constexpr std::size_t largest_config = 4 * 1024 * 1024;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool can_open(const std::string& path, int flags) { return open_file(path, flags).has_value(); }

std::optional<std::string> unpacked(const char* path) {
  const std::unique_ptr<gzFile_s, decltype(&::gzclose)> file(::gzopen(path, "re"), &::gzclose);
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 65536> piece{};
  int size = 0;
  while ((size = ::gzread(file.get(), piece.data(), piece.size())) > 0 && text.size() < largest_config) {
    text.append(piece.data(), static_cast<std::size_t>(size));
  }
  return text.empty() ? std::nullopt : std::optional(text);
}

std::optional<std::string> kernel_config(const std::string& release) {
  if (auto config = unpacked("/proc/config.gz")) return config;
  for (const auto& path : {"/boot/config-" + release, "/lib/modules/" + release + "/config"}) {
    if (auto config = read_file(path, largest_config)) return std::move(*config);
  }
  return std::nullopt;
}

std::uint64_t effective_capabilities() {
  const auto status = read_file("/proc/self/status", 64 * 1024);
  if (!status) return 0;
  for (const auto line : split(*status, '\n')) {
    if (line.starts_with("CapEff:")) return std::strtoull(std::string(trim(line.substr(7))).c_str(), nullptr, 16);
  }
  return 0;
}

// Asks for the first BPF program there is: needs CAP_SYS_ADMIN or CAP_BPF, and changes nothing.
std::string bpf_error() {
  bpf_attr attr;
  std::memset(&attr, 0, sizeof(attr));
  if (::syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr)) == 0 || errno == ENOENT) return "";
  return std::strerror(errno);
}

bool knows_notifications() {
  const std::uint32_t action = SECCOMP_RET_USER_NOTIF;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// Becomes one for a moment.
std::string real_time_error() {
  sched_param before{};
  const int policy = ::sched_getscheduler(0);
  ::sched_getparam(0, &before);
  const sched_param wanted{1};
  if (::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &wanted) != 0) return std::strerror(errno);
  ::sched_setscheduler(0, policy, &before);
  return "";
}

std::string first_line_of(const std::string& runtime) {
  if (runtime.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") !=
      std::string::npos) {
    return "";  // no name for a shell
  }
  const std::unique_ptr<FILE, decltype(&::pclose)> output(::popen((runtime + " --version 2>/dev/null").c_str(), "re"),
                                                          &::pclose);
  std::array<char, 256> line{};
  if (!output || std::fgets(line.data(), line.size(), output.get()) == nullptr) return "";
  return std::string(trim(line.data()));
}

bool takes_connections(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return false;
  path.copy(address.sun_path, path.size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

std::vector<std::string> process_names() {
  std::vector<std::string> names;
  for (const auto pid : all_processes()) {
    if (const auto name = read_file(fmt::format("/proc/{}/comm", pid), 64)) names.emplace_back(trim(*name));
  }
  return names;
}

std::vector<std::string> quarantined(const std::string& state_dir) {
  std::vector<std::string> names;
  const auto text = read_file(state_dir + "/quarantine.json", largest_config);
  const auto strikes = text ? parse_strikes(*text) : Result<std::vector<StrikeRecord>>(fail(text.error()));
  if (!strikes) return names;
  for (const auto& record : *strikes) {
    if (record.quarantined) names.push_back(record.scheduler);
  }
  return names;
}

bool guard_is_installed(const std::string& libexec) {
  std::array<char, 4096> path{};
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string own(path.data(), static_cast<std::size_t>(size > 0 ? size : 0));
  const std::string directory = own.substr(0, own.rfind('/'));
  return ::access((directory + "/schedkit-guard").c_str(), X_OK) == 0 ||
         ::access((libexec + "/schedkit-guard").c_str(), X_OK) == 0;
}

}  // namespace

Facts read_facts(const Places& places) {
  Facts facts;
  utsname system{};
  ::uname(&system);
  facts.kernel_release = system.release;
  facts.sched_ext = exists("/sys/kernel/sched_ext");
  facts.btf = ::access("/sys/kernel/btf/vmlinux", R_OK) == 0;
  facts.config = kernel_config(facts.kernel_release);
  facts.capabilities = effective_capabilities();
  facts.bpf_error = bpf_error();
  facts.notify = knows_notifications();
  const auto permissions = read_permissions();
  facts.wait_killable = permissions && permissions->wait_killable;
  facts.runtime = places.runtime;
  facts.runtime_version = first_line_of(places.runtime);
  const auto cgroups = read_cgroup_facts();
  facts.cgroup_unified = cgroups.unified;
  facts.cgroup_hybrid = cgroups.hybrid;
  facts.psi = can_open("/proc/pressure/cpu", O_RDONLY);
  facts.bus = takes_connections("/run/dbus/system_bus_socket");
  facts.polkit = exists("/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service");
  facts.processes = process_names();
  facts.guard_program = guard_is_installed(places.libexec);
  facts.real_time_error = real_time_error();
  facts.sysrq_trigger = can_open("/proc/sysrq-trigger", O_WRONLY);
  facts.daemon = takes_connections(places.run_dir + "/schedkitd.sock");
  facts.quarantined = quarantined(places.state_dir);
  return facts;
}

}  // namespace schedkit::doctor
