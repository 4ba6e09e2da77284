#include "core/sched/link_owners.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/bpf_calls.h"

namespace schedkit {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The entries of a directory whose names are numbers, as text.
std::vector<std::string> numbers_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (parse_unsigned(entry->d_name)) names.emplace_back(entry->d_name);
  }
  return names;
}

// Telling links by their name first spares reading fdinfo of every file of the machine.
bool is_bpf_link(const std::string& path) {
  std::array<char, 64> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  const std::string_view name(target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return name.starts_with("anon_inode:") && name.find("bpf") != std::string_view::npos &&
         name.find("link") != std::string_view::npos;
}

std::optional<std::uint64_t> link_id_of(const std::string& fdinfo) {
  const auto text = read_file(fdinfo, 4096);
  if (!text) return std::nullopt;
  for (const auto line : split(*text, '\n')) {
    if (!line.starts_with("link_id:")) continue;
    const auto id = parse_unsigned(trim(line.substr(8)));
    return id ? std::optional(*id) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void find_owners(std::vector<SchedulerLink>& links, const std::string& proc) {
  if (links.empty()) return;
  for (const auto& pid_text : numbers_in(proc)) {
    const std::string process = proc + "/" + pid_text;
    const auto pid = static_cast<std::int32_t>(parse_unsigned(pid_text).value_or(0));
    for (const auto& fd : numbers_in(process + "/fd")) {
      if (!is_bpf_link(process + "/fd/" + fd)) continue;
      const auto id = link_id_of(process + "/fdinfo/" + fd);
      for (auto& link : links) {
        const bool known = !link.owners.empty() && link.owners.back() == pid;
        if (id == link.id && !known) link.owners.push_back(pid);
      }
    }
  }
}

namespace {

constexpr int most_pins = 4096;

// The innermost systemd unit of a cgroup path, or the path itself: "/system.slice/scx.service" → "scx.service".
std::string unit_of(std::string_view cgroup) {
  const auto parts = split(cgroup, '/');
  const auto unit = std::find_if(parts.rbegin(), parts.rend(), [](std::string_view part) {
    return part.ends_with(".service") || part.ends_with(".scope");
  });
  return std::string(unit == parts.rend() ? cgroup : *unit);
}

// Of the v2 hierarchy: the line "0::/path" of /proc/PID/cgroup.
std::string cgroup_of(const std::string& process) {
  const auto text = read_file(process + "/cgroup", 4096);
  if (!text) return {};
  for (const auto line : split(*text, '\n')) {
    if (line.starts_with("0::")) return std::string(trim(line.substr(3)));
  }
  return {};
}

std::string describe_process(std::int32_t pid, const std::string& proc) {
  const std::string process = proc + "/" + std::to_string(pid);
  const auto comm = read_file(process + "/comm", 64);
  const std::string cgroup = cgroup_of(process);
  return fmt::format("{} (pid {}{}{})", comm ? trim(*comm) : "a process", pid, cgroup.empty() ? "" : ", ",
                     unit_of(cgroup));
}

}  // namespace

std::optional<std::string> find_pin(std::uint32_t link_id, const std::string& bpffs) {
  int seen = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(bpffs, error), end; !error && entry != end;
       entry.increment(error)) {
    if (++seen > most_pins) break;
    std::error_code gone;
    if (!entry->is_regular_file(gone)) continue;
    if (pinned_link_id(entry->path().string()) == link_id) return entry->path().string();
  }
  return std::nullopt;
}

std::string describe_holder(const SchedulerLink& link, const std::string& proc, const std::string& bpffs) {
  if (!link.owners.empty()) return describe_process(link.owners.front(), proc);
  const auto pin = find_pin(link.id, bpffs);
  return pin ? "nobody, pinned at " + *pin : fmt::format("nobody, link {} is pinned at a place not found", link.id);
}

}  // namespace schedkit
