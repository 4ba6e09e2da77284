#include "core/image/staging.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "core/base/file.h"
#include "core/image/tree.h"

namespace schedkit {
namespace {

// Whether the lock of the directory at `path` was taken; not if it has gone meanwhile.
Result<UniqueFd> try_lock(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!fd) return fd;
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) return fail_errno(errno, "cannot lock " + path);
  struct stat status {};
  if (::fstat(fd->get(), &status) != 0) return fail_errno(errno, "cannot look at " + path);
  if (status.st_nlink == 0) return fail(Errc::not_found, "{} was removed", path);
  return fd;
}

// Less is fetched again as fast as it is looked at.
constexpr off_t worth_keeping = 256 << 10;

// What cannot be kept is no loss.
void keep_blobs(const std::string& blobs, const std::string& keep) {
  auto directory = open_file(blobs, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) return;
  (void)for_each_name(directory->get(), [&](const std::string& name) -> Result<void> {
    const std::string path = blobs + "/" + name;
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size >= worth_keeping) {
      (void)::rename(path.c_str(), (keep + "/" + name).c_str());
    }
    return {};
  });
}

}  // namespace

Result<Staging> Staging::make(const std::string& parent) {
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::string path = parent + "/XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return fail_errno(errno, "cannot make a directory in " + parent);
    // Between these two lines somebody may take it for abandoned.
    auto lock = try_lock(path);
    if (!lock) continue;
    Staging staging(path, std::move(*lock));
    for (const std::string& made : {staging.blobs(), staging.rootfs()}) {
      if (auto done = make_directories(made, 0700); !done) return fail(std::move(done.error()));
    }
    return staging;
  }
  return fail(Errc::busy, "cannot make a directory in {}: another process removes it each time", parent);
}

Result<void> Staging::remove_abandoned(const std::string& parent, const std::string& keep) {
  auto directory = open_file(parent, O_PATH | O_DIRECTORY);
  if (!directory) return fail(std::move(directory.error()));
  return for_each_name(directory->get(), [&](const std::string& name) -> Result<void> {
    const std::string path = parent + "/" + name;
    auto lock = try_lock(path);
    const bool in_use = !lock && lock.error().code == Errc::busy;
    if (in_use) return {};
    if (lock && !keep.empty()) keep_blobs(path + "/blobs", keep);
    auto removed = remove_at(directory->get(), name);
    return removed ? removed : fail(with_context(std::move(removed.error()), parent));
  });
}

Staging::Staging(Staging&& other) noexcept : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

Staging::~Staging() {
  if (!path_.empty()) (void)remove_tree(path_);
}

Result<void> write_staged(const std::string& path, std::string_view bytes) {
  auto fd = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!fd) return fail(std::move(fd.error()));
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd->get(), bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return fail_errno(errno, "cannot write " + path);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace schedkit
