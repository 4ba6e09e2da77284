#include "core/sched/link_owners.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "core/base/file.h"
#include "core/base/text.h"

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

}  // namespace schedkit
