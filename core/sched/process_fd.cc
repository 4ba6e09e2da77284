#include "core/sched/process_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr unsigned pidfd_thread = 0200;  // PIDFD_THREAD is O_EXCL

Result<UniqueFd> pidfd_open(std::int32_t pid, unsigned flags) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, flags)));
  if (!fd) return fail_errno(errno, fmt::format("cannot open process {}", pid));
  return fd;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// What follows the command name in /proc/PID/stat: field 3 (state) is the first piece.
Result<std::string> stat_after_name(std::int32_t pid) {
  auto text = read_file(fmt::format("/proc/{}/stat", pid), 8192);
  if (!text) return text;
  const auto name_end = text->rfind(") ");
  if (name_end == std::string::npos) return fail(Errc::io, "/proc/{}/stat has no command name", pid);
  return text->substr(name_end + 2);
}

}  // namespace

Result<UniqueFd> open_process(std::int32_t pid) { return pidfd_open(pid, 0); }

Result<UniqueFd> open_thread(std::int32_t tid) {
  if (auto fd = pidfd_open(tid, pidfd_thread)) return fd;
  const auto pid = process_of_thread(tid);
  if (!pid) return fail(pid.error());
  return pidfd_open(*pid, 0);
}

Result<UniqueFd> copy_descriptor(const UniqueFd& process, int fd) {
  UniqueFd copy(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), fd, 0)));
  if (!copy) return fail_errno(errno, fmt::format("cannot copy descriptor {} of a process", fd));
  return copy;
}

Result<void> send_signal(const UniqueFd& process, int signal) {
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) != 0) {
    return fail_errno(errno, fmt::format("cannot send signal {}", signal));
  }
  return {};
}

WaitStatus reap(const UniqueFd& process) {
  siginfo_t info{};
  if (::waitid(P_PIDFD, static_cast<id_t>(process.get()), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return {};
  if (info.si_code == CLD_EXITED) return {info.si_status, 0};
  return {0, info.si_status};
}

Result<std::uint64_t> start_ticks(std::int32_t pid) {
  const auto rest = stat_after_name(pid);
  if (!rest) return fail(rest.error());
  const auto fields = split(*rest, ' ');
  if (fields.size() < 20) return fail(Errc::io, "/proc/{}/stat is too short", pid);
  return parse_unsigned(fields[19]);
}

std::uint64_t mount_namespace(std::int32_t pid) {
  struct stat status {};
  return ::stat(fmt::format("/proc/{}/ns/mnt", pid).c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<UniqueFd> open_mount_namespace(std::int32_t pid) {
  return open_file(fmt::format("/proc/{}/ns/mnt", pid), O_RDONLY);
}

Result<std::int32_t> process_of_thread(std::int32_t tid) {
  const auto text = read_file(fmt::format("/proc/{}/status", tid), 64 * 1024);
  if (!text) return fail(text.error());
  for (const auto line : split(*text, '\n')) {
    if (!line.starts_with("Tgid:")) continue;
    const auto pid = parse_unsigned(trim(line.substr(5)));
    if (!pid) return fail(pid.error());
    return static_cast<std::int32_t>(*pid);
  }
  return fail(Errc::io, "/proc/{}/status has no Tgid", tid);
}

namespace {

std::vector<std::int32_t> numbers_in(const std::string& path) {
  std::vector<std::int32_t> numbers;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const auto number = parse_unsigned(entry->d_name)) numbers.push_back(static_cast<std::int32_t>(*number));
  }
  return numbers;
}

}  // namespace

std::size_t threads_in_notification(std::int32_t pid) {
  const std::string tasks = fmt::format("/proc/{}/task", pid);
  const auto threads = numbers_in(tasks);
  return static_cast<std::size_t>(std::ranges::count_if(threads, [&](std::int32_t thread) {
    // seccomp_do_user_notification, or its caller __seccomp_filter where it is inlined: nothing else waits there.
    const auto where = read_file(fmt::format("{}/{}/wchan", tasks, thread), 256);
    return where && where->find("seccomp") != std::string::npos;
  }));
}

std::vector<std::int32_t> all_processes() { return numbers_in("/proc"); }

std::vector<std::int32_t> zombie_children() {
  std::vector<std::int32_t> zombies;
  const std::string us = std::to_string(::getpid());
  for (const auto pid : all_processes()) {
    const auto rest = stat_after_name(pid);
    if (!rest) continue;
    const auto fields = split(*rest, ' ');
    if (fields.size() > 1 && fields[0] == "Z" && fields[1] == us) zombies.push_back(pid);
  }
  return zombies;
}

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Victim {
  std::int32_t pid;
  UniqueFd fd;
};

bool has_marker(std::int32_t pid, const std::string& marker) {
  if (marker.empty()) return true;
  const auto environment = read_file(fmt::format("/proc/{}/environ", pid), 4 * 1024 * 1024);
  if (!environment) return false;
  for (const auto entry : split(*environment, '\0')) {
    if (entry == marker) return true;
  }
  return false;
}

// Opened first and looked at afterwards, so that a reused pid is not mistaken for a process of the namespace.
std::vector<Victim> processes_in(std::uint64_t inode, std::int32_t keep, const std::string& marker) {
  std::vector<Victim> victims;
  for (const auto pid : all_processes()) {
    if (pid == keep || mount_namespace(pid) != inode) continue;
    auto fd = open_process(pid);
    if (fd && mount_namespace(pid) == inode && has_marker(pid, marker)) victims.push_back({pid, std::move(*fd)});
  }
  return victims;
}

void wait_for_end(const UniqueFd& process, SteadyClock::time_point until) {
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(until - SteadyClock::now()).count();
  pollfd wanted{process.get(), POLLIN, 0};
  if (rest > 0) ::poll(&wanted, 1, static_cast<int>(rest));
}

}  // namespace

std::size_t kill_namespace(std::uint64_t inode, std::int32_t keep, Duration limit, const std::string& marker) {
  if (inode == 0 || inode == mount_namespace(::getpid())) return 0;
  const auto until = SteadyClock::now() + limit;
  for (;;) {
    const auto victims = processes_in(inode, keep, marker);
    if (victims.empty()) return 0;
    for (const auto& victim : victims) (void)send_signal(victim.fd, SIGKILL);
    if (SteadyClock::now() >= until) return victims.size();
    for (const auto& victim : victims) {
      wait_for_end(victim.fd, until);
      (void)reap(victim.fd);
    }
  }
}

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return fail_errno(errno, "cannot become a child subreaper");
  return {};
}

}  // namespace schedkit
