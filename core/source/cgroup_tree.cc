#include "core/source/cgroup_tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/policy/cgroup_glob.h"

namespace schedkit {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Blanks in mountinfo are written as octal numbers.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return at < text.size() ? text[at] - '0' : -1; };
    if (text[i] == '\\' && digit(i + 1) >= 0 && digit(i + 3) >= 0) {
      plain += static_cast<char>(digit(i + 1) * 64 + digit(i + 2) * 8 + digit(i + 3));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

// proc_pid_mountinfo(5): ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS [TAG…] - TYPE SOURCE OPTIONS
Result<CgroupTree> CgroupTree::find(const std::string& mountinfo) {
  const auto text = read_file(mountinfo, 16 * 1024 * 1024);
  if (!text) return fail(text.error());
  bool part = false;
  for (const auto line : split(*text, '\n')) {
    const auto fields = split(line, ' ');
    const auto dash = std::ranges::find(fields, "-");
    if (fields.end() - dash < 2 || dash[1] != "cgroup2" || fields.size() < 6) continue;
    if (fields[3] == "/") return CgroupTree(unescape(fields[4]));
    part = true;
  }
  if (part) return fail(Errc::unsupported, "only a part of the cgroup hierarchy is mounted here");
  return fail(Errc::unsupported,
              "the unified cgroup hierarchy (version 2) is not mounted: this host uses version 1 alone; boot it with "
              "systemd.unified_cgroup_hierarchy=1");
}

std::string CgroupTree::directory(const std::string& path) const { return path == "/" ? root_ : root_ + path; }

std::vector<std::string> CgroupTree::children(const std::string& path) const {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory(path).c_str()));
  if (!open) return names;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name(entry->d_name);
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

std::optional<CgroupSeen> CgroupTree::read(const std::string& path) const {
  const auto events = read_file(directory(path) + "/cgroup.events", 4096);
  if (!events) return std::nullopt;
  const auto lines = split(*events, '\n');
  return CgroupSeen{path, std::ranges::find(lines, "populated 1") != lines.end()};
}

std::vector<CgroupSeen> CgroupTree::scan(const std::set<std::string>& globs) const {
  std::vector<CgroupSeen> found;
  std::vector<std::string> left{"/"};
  while (!left.empty()) {
    const std::string path = std::move(left.back());
    left.pop_back();
    if (any_glob_matches(globs, path)) {
      if (auto seen = read(path)) found.push_back(std::move(*seen));
    }
    if (!any_glob_enters(globs, path)) continue;
    for (const auto& name : children(path)) left.push_back(child_cgroup(path, name));
  }
  return found;
}

std::string child_cgroup(const std::string& parent, std::string_view name) {
  return fmt::format("{}/{}", parent == "/" ? "" : parent, name);
}

bool any_glob_matches(const std::set<std::string>& globs, std::string_view path) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return cgroup_glob_match(glob, path); });
}

bool any_glob_enters(const std::set<std::string>& globs, std::string_view path) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return cgroup_glob_enters(glob, path); });
}

}  // namespace schedkit
