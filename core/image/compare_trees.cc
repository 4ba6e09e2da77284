#include "core/image/compare_trees.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <set>
#include <vector>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {
namespace {

namespace fs = std::filesystem;

std::optional<std::size_t> read_piece(int fd, std::vector<char>& buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + filled, buffer.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

bool same_content(const std::string& left, const std::string& right) {
  auto a = open_file(left, O_RDONLY | O_NOFOLLOW);
  auto b = open_file(right, O_RDONLY | O_NOFOLLOW);
  if (!a || !b) return false;
  std::vector<char> one(1u << 18);
  std::vector<char> other(1u << 18);
  for (;;) {
    const auto got = read_piece(a->get(), one);
    if (!got || got != read_piece(b->get(), other)) return false;
    if (*got == 0) return true;
    if (std::memcmp(one.data(), other.data(), *got) != 0) return false;
  }
}

std::string link_target(const std::string& path) {
  std::error_code error;
  return fs::read_symlink(path, error).string();
}

std::set<std::string> names_in(const std::string& path) {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) names.insert(entry.path().filename().string());
  return names;
}

// What a container runtime may have made to mount something over.
bool is_mount_point(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return false;
  if (S_ISREG(status.st_mode)) return status.st_size == 0;
  if (!S_ISDIR(status.st_mode)) return false;
  for (const std::string& name : names_in(path)) {
    if (!is_mount_point(path + "/" + name)) return false;
  }
  return true;
}

class Comparison {
 public:
  Comparison(std::string expected, std::string actual) : expected_(std::move(expected)), actual_(std::move(actual)) {}

  std::optional<std::string> at(const std::string& path) const {
    const std::string left = expected_ + path;
    const std::string right = actual_ + path;
    struct stat wanted {};
    struct stat found {};
    if (::lstat(left.c_str(), &wanted) != 0) return "cannot look at " + quote(left);
    if (::lstat(right.c_str(), &found) != 0) return quote(path) + " is missing";
    if (wanted.st_mode != found.st_mode) return quote(path) + " has another type or mode";
    if (S_ISLNK(wanted.st_mode) && link_target(left) != link_target(right)) return quote(path) + " links elsewhere";
    if (S_ISREG(wanted.st_mode) && (wanted.st_size != found.st_size || !same_content(left, right))) {
      return quote(path) + " has another content";
    }
    return S_ISDIR(wanted.st_mode) ? inside(path) : std::nullopt;
  }

 private:
  std::optional<std::string> inside(const std::string& path) const {
    const auto wanted = names_in(expected_ + path);
    for (const std::string& name : wanted) {
      if (auto difference = at(path + "/" + name)) return difference;
    }
    for (const std::string& name : names_in(actual_ + path)) {
      if (wanted.contains(name)) continue;
      if (!is_mount_point(actual_ + path + "/" + name)) return quote(path + "/" + name) + " is not of the image";
    }
    return std::nullopt;
  }

  std::string expected_;
  std::string actual_;
};

}  // namespace

std::optional<std::string> compare_trees(const std::string& expected, const std::string& actual) {
  return Comparison(expected, actual).at("");
}

}  // namespace schedkit
