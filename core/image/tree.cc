#include "core/image/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr int path_directory = O_PATH | O_DIRECTORY | O_CLOEXEC;

UniqueFd open_in_root(int root, const std::string& path) {
  struct open_how how {};
  how.flags = path_directory;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, name, &how, sizeof how)));
}

Result<std::string> link_of(int fd) {
  std::array<char, PATH_MAX> buffer{};
  const std::string link = fmt::format("/proc/self/fd/{}", fd);
  const ssize_t length = ::readlink(link.c_str(), buffer.data(), buffer.size());
  if (length < 0 && errno == ENAMETOOLONG) return fail(Errc::limit, "a directory's path is too long");
  if (length < 0) return fail_errno(errno, "cannot read " + link);
  if (static_cast<std::size_t>(length) == buffer.size()) return fail(Errc::limit, "a directory's path is too long");
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

std::pair<std::string, std::string> split_last(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

Result<std::string> clean_entry_path(std::string_view path, const ImageLimits& limits) {
  if (path.empty()) return fail(Errc::invalid, "an entry without a name");
  if (path.size() > limits.path_bytes) return fail(Errc::limit, "path longer than {} bytes", limits.path_bytes);
  std::string clean;
  std::size_t depth = 0;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (++depth > Tree::max_depth) return fail(Errc::limit, "more than {} directories deep", Tree::max_depth);
    if (part == "..") return fail(Errc::invalid, "its path holds \"..\"");
    if (part.size() > limits.name_bytes) {
      return fail(Errc::limit, "a name in its path is longer than {} bytes", limits.name_bytes);
    }
    if (!clean.empty()) clean += '/';
    clean += part;
  }
  return clean;
}

Result<Tree> Tree::open(const std::string& path) {
  auto root = open_file(path, O_PATH | O_DIRECTORY);
  if (!root) return fail(std::move(root.error()));
  auto real = link_of(root->get());
  if (!real) return fail(std::move(real.error()));
  return Tree(std::move(*root), std::move(*real));
}

Result<std::optional<UniqueFd>> Tree::directory(const std::string& path) const {
  UniqueFd fd = open_in_root(root_.get(), path);
  if (fd) return std::optional(std::move(fd));
  if (errno == ENOENT) return std::nullopt;
  if (errno == ENOTDIR) return fail(Errc::invalid, "{} lies below something that is not a directory", quote(path));
  if (errno == ELOOP) return fail(Errc::invalid, "{} leads through a loop of links", quote(path));
  return fail_errno(errno, "cannot open " + quote(path));
}

Result<std::string> Tree::real_path(int directory) const {
  auto real = link_of(directory);
  if (!real) return real;
  if (*real == path_) return std::string();
  if (!real->starts_with(path_ + "/")) return fail(Errc::invalid, "{} is outside of the tree", quote(*real));
  return real->substr(path_.size() + 1);
}

Result<TreePlace> Tree::place(UniqueFd parent, std::string_view name) const {
  auto real = real_path(parent.get());
  if (!real) return fail(std::move(real.error()));
  if (static_cast<std::size_t>(std::count(real->begin(), real->end(), '/')) + 2 > max_depth) {
    return fail(Errc::limit, "more than {} directories deep", max_depth);
  }
  std::string full = real->empty() ? std::string(name) : *real + "/" + std::string(name);
  return TreePlace{std::move(parent), std::string(name), std::move(full)};
}

Result<std::optional<TreePlace>> Tree::find(const std::string& path) const {
  const auto [parent_path, name] = split_last(path);
  auto parent = directory(parent_path);
  if (!parent) return fail(std::move(parent.error()));
  if (!*parent) return std::nullopt;
  auto found = place(std::move(**parent), name);
  if (!found) return fail(std::move(found.error()));
  return std::optional(std::move(*found));
}

Result<TreePlace> Tree::make(const std::string& path, const Made& made) const {
  if (auto found = find(path); !found || *found) {
    return found ? Result<TreePlace>(std::move(**found)) : fail(std::move(found.error()));
  }
  const auto [parent_path, name] = split_last(path);
  // find() failed for want of a parent, so there is one to make.
  auto above = make(parent_path, made);
  if (!above) return above;
  if (::mkdirat(above->parent.get(), above->name.c_str(), 0700) != 0) {
    if (errno == EEXIST) {
      return fail(Errc::invalid, "{} is a link to something that does not exist", quote(above->real));
    }
    return fail_errno(errno, "cannot make directory " + quote(above->real));
  }
  made(above->real);
  UniqueFd parent(::openat(above->parent.get(), above->name.c_str(), path_directory | O_NOFOLLOW));
  if (!parent) return fail_errno(errno, "cannot open " + quote(above->real));
  return place(std::move(parent), name);
}

Result<std::optional<struct stat>> look_at(int parent, const std::string& name) {
  struct stat status {};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return std::optional(status);
  if (errno == ENOENT) return std::nullopt;
  return fail_errno(errno, "cannot look at " + quote(name));
}

Result<void> for_each_name(int directory, const std::function<Result<void>(const std::string&)>& each) {
  struct Close {
    void operator()(DIR* handle) const { ::closedir(handle); }
  };
  UniqueFd readable(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return fail_errno(errno, "cannot open a directory");
  std::unique_ptr<DIR, Close> handle(::fdopendir(readable.get()));
  if (!handle) return fail_errno(errno, "cannot list a directory");
  readable.release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(handle.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return fail_errno(errno, "cannot list a directory");
  handle.reset();
  for (const std::string& name : names) {
    if (auto done = each(name); !done) return done;
  }
  return {};
}

Result<void> remove_at(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_errno(errno, "cannot remove " + quote(name));
  UniqueFd directory(::openat(parent, name.c_str(), path_directory | O_NOFOLLOW));
  if (!directory) return fail_errno(errno, "cannot remove " + quote(name));
  auto emptied =
      for_each_name(directory.get(), [&](const std::string& child) { return remove_at(directory.get(), child); });
  if (!emptied) return emptied;
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0) return fail_errno(errno, "cannot remove " + quote(name));
  return {};
}

}  // namespace schedkit
