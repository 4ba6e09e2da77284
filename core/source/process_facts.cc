#include "core/source/process_facts.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <set>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

// include/linux/sched.h; proc_pid_stat(5), field 9.
constexpr std::uint32_t exiting_flag = 0x00000004;
constexpr std::uint32_t kernel_thread_flag = 0x00200000;
constexpr std::string_view deleted_suffix = " (deleted)";

// At most `limit` bytes; nullopt when the file cannot be read.
std::optional<std::string> read_part(const std::string& path, std::size_t limit) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return std::nullopt;
  std::string content;
  std::array<char, 4096> buffer;
  while (content.size() < limit) {
    const ssize_t got = ::read(fd->get(), buffer.data(), std::min(buffer.size(), limit - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;  // ESRCH: it ended while we read
    if (got == 0) break;
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return content;
}

std::optional<ProcessStat> read_stat(const std::string& directory) {
  const auto text = read_part(directory + "/stat", 4096);
  return text ? parse_process_stat(*text) : std::nullopt;
}

bool exiting(const ProcessStat& stat) {
  return (stat.flags & exiting_flag) != 0 || stat.state == 'Z' || stat.state == 'X';
}

// Numbers of directories below `path`.
std::vector<std::int32_t> numbered(const std::string& path) {
  std::vector<std::int32_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return numbers;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto number = parse_unsigned(entry->d_name);
    if (number && *number > 0 && *number <= INT_MAX) numbers.push_back(static_cast<std::int32_t>(*number));
  }
  return numbers;
}

// The kernel marks the path of a file without a name by a suffix that a real name may have, too.
std::string without_deleted(std::string path, const std::string& link) {
  if (!path.ends_with(deleted_suffix)) return path;
  struct stat by_link {};
  struct stat by_path {};
  const bool same = ::stat(link.c_str(), &by_link) == 0 && ::stat(path.c_str(), &by_path) == 0 &&
                    by_link.st_ino == by_path.st_ino && by_link.st_dev == by_path.st_dev;
  if (!same) path.resize(path.size() - deleted_suffix.size());
  return path;
}

std::string read_executable(const std::string& directory) {
  const std::string link = directory + "/exe";
  std::array<char, PATH_MAX> buffer;
  const ssize_t size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  if (size <= 0) return {};
  return without_deleted(std::string(buffer.data(), static_cast<std::size_t>(size)), link);
}

// The real uid, the first number of the line "Uid:".
std::optional<uid_t> read_uid(const std::string& directory) {
  const auto text = read_part(directory + "/status", 16 * 1024);
  if (!text) return std::nullopt;
  const auto line = text->find("\nUid:\t");
  if (line == std::string::npos) return std::nullopt;
  const auto first = line + 6;
  const auto number = parse_unsigned(std::string_view(*text).substr(first, text->find_first_of("\t\n", first) - first));
  if (!number) return std::nullopt;
  return static_cast<uid_t>(*number);
}

}  // namespace

std::optional<ProcessStat> parse_process_stat(std::string_view text) {
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const auto pid = parse_unsigned(trim(text.substr(0, open)));
  const auto fields = split(trim(text.substr(close + 1)), ' ');  // from field 3 on
  if (!pid || *pid > INT_MAX || fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  const auto parent = parse_unsigned(fields[1]);
  const auto flags = parse_unsigned(fields[6]);
  const auto threads = parse_unsigned(fields[17]);
  const auto start = parse_unsigned(fields[19]);
  if (!parent || *parent > INT_MAX || !flags || !threads || !start) return std::nullopt;
  ProcessStat stat;
  stat.id = {static_cast<std::int32_t>(*pid), *start};
  stat.comm = text.substr(open + 1, close - open - 1);
  stat.state = fields[0][0];
  stat.parent = static_cast<std::int32_t>(*parent);
  stat.flags = static_cast<std::uint32_t>(*flags);
  stat.threads = *threads;
  return stat;
}

std::string unified_cgroup(std::string_view text) {
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("0::")) return std::string(line.substr(3));
  }
  return {};
}

std::string join_arguments(std::string_view text) {
  while (text.ends_with('\0')) text.remove_suffix(1);
  std::string joined(text);
  std::ranges::replace(joined, '\0', ' ');
  return joined;
}

std::vector<std::pair<std::string, std::string>> parse_environment(std::string_view text, bool complete) {
  std::vector<std::pair<std::string, std::string>> environment;
  while (!text.empty()) {
    const auto end = text.find('\0');
    if (end == std::string_view::npos && !complete) break;
    const auto entry = text.substr(0, end);
    if (const auto equals = entry.find('='); equals != std::string_view::npos && equals > 0) {
      environment.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return environment;
}

const std::string& UserNames::name(uid_t uid) {
  const auto [place, is_new] = names_.try_emplace(uid);
  if (!is_new) return place->second;
  std::vector<char> buffer(1024);
  passwd entry{};
  passwd* found = nullptr;
  int error = 0;
  while ((error = ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
         buffer.size() < 1024 * 1024) {
    buffer.resize(buffer.size() * 4);
  }
  place->second = found != nullptr ? found->pw_name : std::to_string(uid);
  return place->second;
}

std::vector<std::int32_t> ProcessReader::pids() const { return numbered(root_); }

std::optional<std::string> ProcessReader::living_thread(std::int32_t pid) const {
  const std::string tasks = fmt::format("{}/{}/task", root_, pid);
  for (const auto thread : numbered(tasks)) {
    const std::string directory = fmt::format("{}/{}", tasks, thread);
    if (const auto stat = read_stat(directory); stat && !exiting(*stat)) return directory;
  }
  return std::nullopt;
}

std::optional<ProcessReader::Live> ProcessReader::find(std::int32_t pid) const {
  const std::string directory = fmt::format("{}/{}", root_, pid);
  auto stat = read_stat(directory);
  if (!stat || stat->id.pid != pid || (stat->flags & kernel_thread_flag) != 0) return std::nullopt;
  if (!exiting(*stat)) return Live{std::move(*stat), directory};
  if (stat->threads < 2) return std::nullopt;
  auto thread = living_thread(pid);
  if (!thread) return std::nullopt;
  return Live{std::move(*stat), std::move(*thread)};
}

bool ProcessReader::alive(const ProcessId& id) const {
  const auto live = find(id.pid);
  return live && live->stat.id == id;
}

std::vector<std::string> ProcessReader::ancestors(std::int32_t parent) const {
  std::vector<std::string> names;
  while (parent > 0 && names.size() < most_ancestors) {
    auto stat = read_stat(fmt::format("{}/{}", root_, parent));
    if (!stat) break;
    names.push_back(std::move(stat->comm));
    parent = stat->parent;
  }
  return names;
}

void ProcessReader::fill(Process& process, const Live& live, const ProcessNeeds& needs) {
  if (needs.cmdline)
    process.cmdline = join_arguments(read_part(live.directory + "/cmdline", longest_cmdline).value_or(""));
  if (needs.user) {
    if (const auto uid = read_uid(live.directory)) process.user = users_.name(*uid);
  }
  if (needs.ancestors) process.ancestors = ancestors(live.stat.parent);
  if (needs.cgroup) process.cgroup = unified_cgroup(read_part(live.directory + "/cgroup", 64 * 1024).value_or(""));
  if (needs.environment) {
    const auto text = read_part(live.directory + "/environ", longest_environment).value_or("");
    process.environment = parse_environment(text, text.size() < longest_environment);
  }
}

std::optional<Process> ProcessReader::read(std::int32_t pid, const ProcessNeeds& needs) {
  auto live = find(pid);
  if (!live) return std::nullopt;
  Process process;
  process.id = live->stat.id;
  process.comm = live->stat.comm;
  process.exe = read_executable(live->directory);
  process.exe_name = base_name(process.exe);
  if (!needs.exe) process.exe.clear();
  fill(process, *live, needs);
  if (!alive(process.id)) return std::nullopt;
  return process;
}

std::optional<Process> ProcessReader::glance(std::int32_t pid) const {
  auto live = find(pid);
  if (!live) return std::nullopt;
  Process process;
  process.id = live->stat.id;
  process.comm = std::move(live->stat.comm);
  process.exe_name = base_name(read_executable(live->directory));
  return process;
}

std::optional<Process> ProcessReader::read(const ProcessId& id, const ProcessNeeds& needs) {
  auto process = read(id.pid, needs);
  if (process && process->id != id) process.reset();
  return process;
}

bool is_candidate(const ProcessFilter& filter, const Process& process) {
  return filter.admits(process.comm) || filter.admits(process.exe_name);
}

std::vector<Process> scan_processes(ProcessReader& reader, const ProcessFilter& filter,
                                    const std::function<void(const ProcessId&)>& claim) {
  constexpr int most_passes =
      8;  // a storm of forks must not keep us here; later forks of claimed processes are reported
  std::map<ProcessId, Process> found;
  std::set<std::int32_t> passed;  // looked at in an earlier pass
  for (int pass = 0; pass < most_passes; ++pass) {
    bool news = false;
    for (const auto pid : reader.pids()) {
      if (!passed.insert(pid).second) continue;
      const auto brief = reader.glance(pid);
      if (!brief || !is_candidate(filter, *brief)) continue;
      claim(brief->id);
      auto process = reader.read(brief->id, filter.needs);
      if (!process || !is_candidate(filter, *process)) continue;
      news = true;
      found.insert_or_assign(process->id, std::move(*process));
    }
    if (!news) break;
  }
  std::vector<Process> processes;
  processes.reserve(found.size());
  for (auto& [id, process] : found) processes.push_back(std::move(process));
  return processes;
}

}  // namespace schedkit
