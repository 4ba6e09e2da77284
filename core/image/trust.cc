#include "core/image/trust.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr int max_links = 40;

Result<struct stat> check(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno(errno, "cannot look at " + path);
  if (status.st_uid != 0) {
    return fail(Errc::denied,
                "{} belongs to user {}; image layouts must be root's with all directories above: chown root {}", path,
                status.st_uid, path);
  }
  if (!S_ISLNK(status.st_mode) && (status.st_mode & 022) != 0) {
    return fail(Errc::denied,
                "{} can be written by others than root (mode {:04o}), so images below are not trusted: chmod go-w {}",
                path, status.st_mode & 07777, path);
  }
  return status;
}

// Walks like the kernel would, but looks at every directory and link it passes.
class Walk {
 public:
  Result<UniqueFd> run(const std::string& path) {
    push_parts(path);
    if (auto begun = restart(); !begun) return fail(std::move(begun.error()));
    while (!parts_.empty()) {
      const std::string part = std::move(parts_.front());
      parts_.pop_front();
      if (auto moved = step(part); !moved) return fail(std::move(moved.error()));
    }
    return std::move(passed_.back().fd);
  }

 private:
  struct Directory {
    UniqueFd fd;
    std::string path;  // "" is "/"
  };

  void push_parts(std::string_view path) {
    const auto pieces = split(path, '/');
    parts_.insert(parts_.begin(), pieces.begin(), pieces.end());
  }

  Result<void> restart() {
    passed_.clear();
    UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!root) return fail_errno(errno, "cannot open /");
    if (auto checked = check(root.get(), "/"); !checked) return fail(std::move(checked.error()));
    passed_.push_back({std::move(root), ""});
    return {};
  }

  Result<void> step(const std::string& part) {
    if (part.empty() || part == ".") return {};
    if (part == "..") {
      if (passed_.size() > 1) passed_.pop_back();
      return {};
    }
    const std::string path = passed_.back().path + "/" + part;
    UniqueFd fd(::openat(passed_.back().fd.get(), part.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return fail_errno(errno, "cannot open " + path);
    auto status = check(fd.get(), path);
    if (!status) return fail(std::move(status.error()));
    if (S_ISLNK(status->st_mode)) return follow(fd.get(), path);
    if (!S_ISDIR(status->st_mode)) return fail(Errc::invalid, "{} is not a directory", path);
    passed_.push_back({std::move(fd), path});
    return {};
  }

  Result<void> follow(int link, const std::string& path) {
    if (++links_ > max_links) return fail(Errc::invalid, "{} leads through too many links", path);
    std::array<char, PATH_MAX> target{};
    const ssize_t length = ::readlinkat(link, "", target.data(), target.size());
    if (length < 0) return fail_errno(errno, "cannot read the link " + path);
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    push_parts(text);
    return text.starts_with('/') ? restart() : Result<void>();
  }

  std::deque<std::string> parts_;
  std::vector<Directory> passed_;
  int links_ = 0;
};

Result<void> check_file(int directory, const std::string& layout, const char* name) {
  const std::string path = layout + "/" + name;
  const UniqueFd fd(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT)
    return fail(Errc::invalid, "{} is not an OCI image layout: it has no file {}", layout, name);
  if (!fd) return fail_errno(errno, "cannot open " + path);
  auto status = check(fd.get(), path);
  if (!status) return fail(std::move(status.error()));
  if (!S_ISREG(status->st_mode)) return fail(Errc::denied, "{} must be a regular file", path);
  return {};
}

}  // namespace

Result<UniqueFd> root_owned_layout(const std::string& path) {
  if (!path.starts_with('/')) return fail(Errc::invalid, "the layout path {} must be absolute", quote(path));
  auto directory = Walk().run(path);
  if (!directory) return directory;
  for (const char* name : {"oci-layout", "index.json"}) {
    if (auto checked = check_file(directory->get(), path, name); !checked) return fail(std::move(checked.error()));
  }
  UniqueFd readable(::openat(directory->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!readable) return fail_errno(errno, "cannot open " + path);
  return readable;
}

}  // namespace schedkit
