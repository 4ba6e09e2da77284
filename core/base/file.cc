#include "core/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "core/base/text.h"

namespace schedkit {

Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return fail_errno(errno, "cannot open " + path);
  return fd;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto fd = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return fail(std::move(fd.error()));
  // Files of the kernel may come a page at a time whatever is asked for, so what is read is appended, not read in
  // place.
  std::string content;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(fd->get(), piece.data(), std::min(piece.size(), limit + 1 - content.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(errno, "cannot read " + path);
    if (got == 0) return content;
    content.append(piece.data(), static_cast<std::size_t>(got));
    if (content.size() > limit) return fail(Errc::limit, "{} is larger than {}", path, format_size(limit));
  }
}

namespace {

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write " + path);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> sync_directory(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return fail(std::move(fd.error()));
  if (::fsync(fd->get()) != 0) return fail_errno(errno, "cannot sync " + path);
  return {};
}

struct Owner {
  uid_t user;
  gid_t group;
};

Result<void> write_temporary(const std::string& temporary, std::string_view content, mode_t mode,
                             const Owner* owner = nullptr) {
  auto fd = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  if (!fd) return fail(std::move(fd.error()));
  if (auto written = write_all(fd->get(), content, temporary); !written) return written;
  if (owner != nullptr && ::fchown(fd->get(), owner->user, owner->group) != 0) {
    return fail_errno(errno, "cannot set the owner of " + temporary);
  }
  if (::fchmod(fd->get(), mode) != 0) return fail_errno(errno, "cannot set the mode of " + temporary);
  if (::fsync(fd->get()) != 0) return fail_errno(errno, "cannot sync " + temporary);
  return {};
}

}  // namespace

namespace {

Result<void> write_and_rename(const std::string& path, std::string_view content, mode_t mode, const Owner* owner) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, ::getpid());
  ::unlink(temporary.c_str());
  auto written = write_temporary(temporary, content, mode, owner);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) written = fail_errno(errno, "cannot replace " + path);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_directory(directory_of(path));
}

}  // namespace

Result<void> write_file_atomic(const std::string& path, std::string_view content, mode_t mode) {
  return write_and_rename(path, content, mode, nullptr);
}

Result<void> replace_file(const std::string& path, std::string_view content) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
  struct stat status {};
  if (!real || ::stat(real.get(), &status) != 0) return fail_errno(errno, "cannot find " + path);
  if (!S_ISREG(status.st_mode)) return fail(Errc::invalid, "{} is not a regular file", path);
  const Owner owner{status.st_uid, status.st_gid};
  return write_and_rename(real.get(), content, status.st_mode & 07777, &owner);
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  for (std::size_t end = 1; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) == 0 || errno == EEXIST) continue;
    return fail_errno(errno, "cannot make directory " + part);
  }
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
    return fail(Errc::exists, "{} is not a directory", path);
  }
  return {};
}

Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) return fail_errno(error.value(), "cannot remove " + path);
  return {};
}

}  // namespace schedkit
