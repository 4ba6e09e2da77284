#include "config/directories.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "config/schema.h"
#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

Directories Directories::under(const std::string& root) {
  Directories directories;
  for (auto* path :
       {&directories.vendor, &directories.runtime, &directories.cluster, &directories.admin, &directories.last_good}) {
    path->insert(0, root);
  }
  return directories;
}

const std::string& Directories::of(PolicyLayer layer) const {
  switch (layer) {
    case PolicyLayer::vendor: return vendor;
    case PolicyLayer::runtime: return runtime;
    case PolicyLayer::cluster: return cluster;
    case PolicyLayer::admin: return admin;
  }
  return admin;
}

namespace {

constexpr std::array layers{PolicyLayer::admin, PolicyLayer::cluster, PolicyLayer::runtime, PolicyLayer::vendor};

bool is_policy_file_name(std::string_view name) {
  return name.ends_with(".toml") && !name.starts_with('.') && !name.starts_with('#');
}

bool is_printable(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= 0x20 && c < 0x7f; });
}

Result<std::string> read_up_to(int fd, std::size_t limit, const std::string& path) {
  std::string text(limit, '\0');
  std::size_t have = 0;
  while (have < limit) {
    const auto got = ::read(fd, text.data() + have, limit - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read " + path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
  return text;
}

// A device is not opened before it is known not to be one: that could have effects of its own.
Result<std::string> read_policy(PolicyLayer layer, const std::string& path) {
  struct stat status {};
  const bool follow = layer != PolicyLayer::cluster;
  if ((follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) != 0) {
    return fail_errno(errno, "cannot read the file");
  }
  if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) return std::string();
  if (S_ISLNK(status.st_mode))
    return fail(Errc::denied, "a symbolic link; the cluster's directory may hold only files");
  if (S_ISDIR(status.st_mode)) return fail(Errc::invalid, "a directory, not a file; move it away or rename it");
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "not a regular file; remove it");
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (follow ? 0 : O_NOFOLLOW)));
  if (!fd) return fail_errno(errno, "cannot read the file");
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(Errc::busy, "the file was replaced while it was read");
  }
  auto text = read_up_to(fd.get(), largest_policy_file + 1, path);
  if (text && text->size() > largest_policy_file) {
    return fail(Errc::limit, "the file is larger than {} bytes; split it", largest_policy_file);
  }
  return text;
}

std::string shown_path(const std::string& path) {
  if (is_printable(path)) return path;
  const auto quoted = quote(path, 4096);
  return quoted.substr(1, quoted.size() - 2);
}

Result<std::vector<std::string>> list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno == ENOENT) return std::vector<std::string>{};
    return fail_errno(errno, "cannot list the directory; its policy files stay as they were");
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    if (is_policy_file_name(entry->d_name)) names.emplace_back(entry->d_name);
    errno = 0;
  }
  if (errno != 0) return fail_errno(errno, "cannot list the directory; its policy files stay as they were");
  std::ranges::sort(names);
  return names;
}

}  // namespace

FoundFile read_found(PolicyLayer layer, const std::string& path) {
  FoundFile found{layer, std::string(base_name(path)), shown_path(path), std::string()};
  found.text = is_printable(found.name) ? read_policy(layer, path)
                                        : fail(Errc::invalid, "the file's name is not printable ASCII; rename it");
  if (!found.text) found.text.error().where = {found.path, 0, 0};
  return found;
}

FoundFiles find_files(const Directories& directories) {
  FoundFiles found;
  for (const auto layer : layers) {
    const auto& directory = directories.of(layer);
    auto names = list(directory);
    if (!names) {
      names.error().where.file = directory;
      found.problems.push_back(std::move(names.error()));
      found.unlisted.insert(layer);
      continue;
    }
    if (names->size() > most_files) {
      found.problems.push_back({Errc::limit,
                                fmt::format("more than {} policy files; those after {} by name are left out",
                                            most_files, quote((*names)[most_files - 1])),
                                {directory, 0, 0}});
      names->resize(most_files);
    }
    for (const auto& name : *names) found.files.push_back(read_found(layer, directory + "/" + name));
  }
  return found;
}

}  // namespace schedkit
