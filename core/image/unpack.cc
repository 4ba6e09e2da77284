#include "core/image/unpack.h"

#include <fcntl.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/text.h"
#include "core/image/write_back.h"

namespace schedkit {
namespace {

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view aufs_prefix = ".wh..wh.";
constexpr std::string_view opaque_name = ".wh..wh..opq";
constexpr std::size_t max_warnings = 20;

std::string_view parent_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : path.substr(0, slash);
}

enum class Marker { none, leftover, misplaced };

// A whiteout's name as a directory: AUFS's own directories are leftovers, everything else is a mistake or a trick.
Marker marker_in_parents(std::string_view path) {
  for (const std::string_view part : split(parent_of(path), '/')) {
    if (part.starts_with(aufs_prefix)) return Marker::leftover;
    if (part.starts_with(whiteout_prefix)) return Marker::misplaced;
  }
  return Marker::none;
}

Result<void> write_at(int fd, const char* data, std::size_t size, std::uint64_t offset) {
  while (size > 0) {
    const ssize_t written = ::pwrite(fd, data, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(errno, "cannot write");
    data += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

bool is_zero(const char* data, std::size_t size) { return *data == 0 && std::memcmp(data, data + 1, size - 1) == 0; }

// Blocks of zeros are left out: a new file is all zeros, and they take no space. Returns where writing ended.
Result<std::uint64_t> write_but_zeros(int fd, const char* data, std::size_t size, std::uint64_t offset) {
  constexpr std::size_t block = 4096;
  std::uint64_t end = 0;
  for (std::size_t at = 0, begin = 0; at < size;) {
    const std::size_t piece = std::min<std::size_t>(size - at, block - (offset + at) % block);
    const bool zero = is_zero(data + at, piece);
    at += piece;
    if (!zero && at < size) continue;
    const std::size_t until = zero ? at - piece : at;
    if (auto written = write_at(fd, data + begin, until - begin, offset + begin); !written) {
      return fail(std::move(written.error()));
    }
    if (until > begin) end = offset + until;
    begin = at;
  }
  return end;
}

// Only user.*: security.capability or trusted.overlay.* of a stranger would mean something to this machine.
Result<void> set_xattrs(int fd, const TarEntry& entry, const ImageLimits& limits) {
  for (const auto& [name, value] : entry.xattrs) {
    if (value.size() > limits.xattr_bytes || name.size() > limits.name_bytes) {
      return fail(Errc::limit, "the extended attribute {} is larger than {}", quote(name, 60),
                  format_size(limits.xattr_bytes));
    }
    if (!name.starts_with("user.")) continue;
    // A file system without them (tmpfs) is no reason to refuse an image.
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0 && errno != EOPNOTSUPP) {
      return fail_errno(errno, "cannot set the extended attribute " + quote(name, 60));
    }
  }
  return {};
}

Result<void> set_mtime(int fd, const struct timespec& mtime) {
  const struct timespec times[2] = {{0, UTIME_OMIT}, mtime};
  if (::futimens(fd, times) != 0) return fail_errno(errno, "cannot set the time");
  return {};
}

}  // namespace

Result<Unpacker> Unpacker::open(const std::string& rootfs, const ImageLimits& limits, UnpackOptions options) {
  auto tree = Tree::open(rootfs);
  if (!tree) return fail(std::move(tree.error()));
  Unpacker unpacker(std::move(*tree), limits, options);
  unpacker.directories_[""] = {};
  return unpacker;
}

Result<void> Unpacker::layer(ByteSource& tar) {
  created_.clear();
  TarReader reader(tar, limits_);
  for (;;) {
    auto entry = reader.next();
    if (!entry) return fail(std::move(entry.error()));
    if (!*entry) return {};
    if (++entries_ > limits_.entries) return fail(Errc::limit, "more than {} entries", limits_.entries);
    if (auto applied = apply(reader, **entry); !applied) {
      return fail(with_context(std::move(applied.error()), "entry " + quote((*entry)->path)));
    }
    if (auto skipped = reader.content({}); !skipped) return skipped;
  }
}

Result<void> Unpacker::apply(TarReader& reader, const TarEntry& entry) {
  auto path = clean_entry_path(entry.path, limits_);
  if (!path) return fail(std::move(path.error()));
  if (entry.size > limits_.unpacked_bytes - bytes_) {
    return fail(Errc::limit, "the image unpacks to more than {}", format_size(limits_.unpacked_bytes));
  }
  bytes_ += entry.size;
  if (path->empty()) {
    if (entry.type != TarEntry::Type::directory) return fail(Errc::invalid, "the root must be a directory");
    directories_[""] = {static_cast<mode_t>((entry.mode & 01777) | 0700), entry.mtime};
    return {};
  }
  switch (marker_in_parents(*path)) {
    case Marker::leftover: return {};
    case Marker::misplaced: return fail(Errc::invalid, "a whiteout is used as a directory");
    case Marker::none: break;
  }
  const std::string_view name = base_name(*path);
  if (name.starts_with(whiteout_prefix)) return whiteout(*path, name);
  if (entry.type == TarEntry::Type::special) return special(entry);
  return apply_at(reader, entry, *path);
}

Result<void> Unpacker::apply_at(TarReader& reader, const TarEntry& entry, const std::string& path) {
  auto place = place_for(path);
  if (!place) return fail(std::move(place.error()));
  auto written = [&]() -> Result<void> {
    switch (entry.type) {
      case TarEntry::Type::directory: return write_directory(*place, entry);
      case TarEntry::Type::file: return write_file(*place, entry, reader);
      case TarEntry::Type::symlink: return write_symlink(*place, entry);
      case TarEntry::Type::hardlink: return write_hardlink(*place, entry);
      case TarEntry::Type::special: break;
    }
    return {};
  }();
  if (written) created(place->real);
  return written;
}

Result<void> Unpacker::special(const TarEntry& entry) {
  if (options_.strict) return fail(Errc::unsupported, "devices, FIFOs and sockets are not allowed");
  warn(fmt::format("left out the special file {}", quote(entry.path)));
  return {};
}

Result<void> Unpacker::whiteout(const std::string& path, std::string_view name) {
  const std::string parent(parent_of(path));
  if (name == opaque_name) {
    auto directory = tree_.directory(parent);
    if (!directory) return fail(std::move(directory.error()));
    if (!*directory) return {};
    auto real = tree_.real_path((*directory)->get());
    if (!real) return fail(std::move(real.error()));
    const std::string prefix = real->empty() ? "" : *real + "/";
    return for_each_name((*directory)->get(),
                         [&](const std::string& child) { return hide((*directory)->get(), child, prefix + child); });
  }
  if (name.starts_with(aufs_prefix)) return {};
  const std::string target(name.substr(whiteout_prefix.size()));
  if (target.empty() || target == "." || target == "..") return fail(Errc::invalid, "a whiteout of nothing");
  auto place = tree_.find(parent.empty() ? target : parent + "/" + target);
  if (!place) return fail(std::move(place.error()));
  if (!*place) return {};
  return hide((*place)->parent.get(), target, (*place)->real);
}

// Removes what lower layers brought at `real`. Since created_ holds parents too, nothing below a path that is not in it
// can be from this layer.
Result<void> Unpacker::hide(int parent, const std::string& name, const std::string& real) {
  if (!created_.contains(real)) {
    forget(real);
    return remove_at(parent, name);
  }
  UniqueFd directory(::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory) return {};
  return for_each_name(directory.get(),
                       [&](const std::string& child) { return hide(directory.get(), child, real + "/" + child); });
}

std::optional<TreePlace> Unpacker::place_beside_last(const std::string& path) const {
  if (!parent_ || parent_->path != parent_of(path)) return std::nullopt;
  UniqueFd fd(::fcntl(parent_->fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return std::nullopt;
  std::string name(base_name(path));
  std::string real = parent_->real.empty() ? name : parent_->real + "/" + name;
  return TreePlace{std::move(fd), std::move(name), std::move(real)};
}

Result<TreePlace> Unpacker::place_for(const std::string& path) {
  if (auto beside = place_beside_last(path)) return std::move(*beside);
  auto place = tree_.make(path, [this](const std::string& real) {
    created(real);
    directories_[real] = {};
  });
  parent_.reset();
  if (!place) return place;
  if (UniqueFd fd(::fcntl(place->parent.get(), F_DUPFD_CLOEXEC, 0)); fd) {
    parent_ = Parent{std::string(parent_of(path)), std::move(fd), std::string(parent_of(place->real))};
  }
  return place;
}

Result<void> Unpacker::clear(const TreePlace& place) {
  forget(place.real);
  return remove_at(place.parent.get(), place.name);
}

void Unpacker::created(const std::string& real) {
  for (std::string_view path = real; !path.empty(); path = parent_of(path)) {
    if (!created_.emplace(path).second) return;
  }
}

void Unpacker::forget(const std::string& real) {
  parent_.reset();
  directories_.erase(real);
  const std::string prefix = real + "/";
  auto first = directories_.lower_bound(prefix);
  auto last = first;
  while (last != directories_.end() && last->first.starts_with(prefix)) ++last;
  directories_.erase(first, last);
}

Result<void> Unpacker::write_directory(const TreePlace& place, const TarEntry& entry) {
  auto there = look_at(place.parent.get(), place.name);
  if (!there) return fail(std::move(there.error()));
  if (!*there || !S_ISDIR((*there)->st_mode)) {
    if (auto cleared = clear(place); !cleared) return cleared;
    if (::mkdirat(place.parent.get(), place.name.c_str(), 0700) != 0) return fail_errno(errno, "cannot make it");
  }
  UniqueFd fd(::openat(place.parent.get(), place.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open it");
  directories_[place.real] = {static_cast<mode_t>((entry.mode & 01777) | 0700), entry.mtime};
  return set_xattrs(fd.get(), entry, limits_);
}

Result<void> Unpacker::write_file(const TreePlace& place, const TarEntry& entry, TarReader& reader) {
  const auto make = [&] {
    return UniqueFd(
        ::openat(place.parent.get(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  };
  UniqueFd fd = make();
  if (!fd && errno == EEXIST) {
    if (auto cleared = clear(place); !cleared) return cleared;
    fd = make();
  }
  if (!fd) return fail_errno(errno, "cannot make it");
  std::uint64_t end = 0;
  std::uint64_t filled = 0;  // behind it there are only zeros
  WriteBack write_back;
  auto written = reader.content([&](const char* data, std::size_t size, std::uint64_t offset) -> Result<void> {
    if (offset < end || offset > entry.size || size > entry.size - offset) {
      return fail(Errc::invalid, "its content does not fit its size of {} bytes", entry.size);
    }
    end = offset + size;
    auto filled_to = write_but_zeros(fd.get(), data, size, offset);
    if (!filled_to) return fail(std::move(filled_to.error()));
    filled = std::max(filled, *filled_to);
    write_back.reached(fd.get(), filled);
    return {};
  });
  if (!written) return written;
  if (filled < entry.size && ::ftruncate(fd.get(), static_cast<off_t>(entry.size)) != 0) {
    return fail_errno(errno, "cannot set its size");
  }
  if (auto set = set_xattrs(fd.get(), entry, limits_); !set) return set;
  if (::fchmod(fd.get(), entry.mode & 01777) != 0) return fail_errno(errno, "cannot set its mode");
  return set_mtime(fd.get(), entry.mtime);
}

Result<void> Unpacker::write_symlink(const TreePlace& place, const TarEntry& entry) {
  if (entry.link.empty() || entry.link.size() >= limits_.path_bytes) {
    return fail(Errc::invalid, "a symbolic link with an empty or too long target");
  }
  if (auto cleared = clear(place); !cleared) return cleared;
  const int parent = place.parent.get();
  if (::symlinkat(entry.link.c_str(), parent, place.name.c_str()) != 0) return fail_errno(errno, "cannot make it");
  const struct timespec times[2] = {{0, UTIME_OMIT}, entry.mtime};
  if (::utimensat(parent, place.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno(errno, "cannot set its time");
  }
  return {};
}

// Its mode, time and attributes are those of the target: setting them here would change a file of another layer, or
// whatever a crafted link stands for (CVE-2021-32760).
Result<void> Unpacker::write_hardlink(const TreePlace& place, const TarEntry& entry) {
  auto path = clean_entry_path(entry.link, limits_);
  if (!path) return fail(with_context(std::move(path.error()), "hard link to " + quote(entry.link)));
  if (path->empty()) return fail(Errc::invalid, "a hard link to the root");
  auto target = tree_.find(*path);
  if (!target) return fail(std::move(target.error()));
  if (!*target) return fail(Errc::invalid, "a hard link to {}, which does not exist", quote(entry.link));
  auto there = look_at((*target)->parent.get(), (*target)->name);
  if (!there) return fail(std::move(there.error()));
  if (!*there || !(S_ISREG((*there)->st_mode) || S_ISLNK((*there)->st_mode))) {
    return fail(Errc::invalid, "a hard link to {}, which is not a file of the image", quote(entry.link));
  }
  if ((*target)->real == place.real) return fail(Errc::invalid, "a hard link to itself");
  if (auto cleared = clear(place); !cleared) return cleared;
  if (::linkat((*target)->parent.get(), (*target)->name.c_str(), place.parent.get(), place.name.c_str(), 0) != 0) {
    return fail_errno(errno, "cannot link it to " + quote(entry.link));
  }
  return {};
}

Result<void> Unpacker::mount_point(const std::string& name, mode_t mode) {
  auto there = look_at(tree_.fd(), name);
  if (!there) return fail(std::move(there.error()));
  if (*there && S_ISDIR((*there)->st_mode)) return {};
  // A link here would make the container runtime mount somewhere else (CVE-2026-47766 and its siblings).
  forget(name);
  if (auto removed = remove_at(tree_.fd(), name); !removed) return removed;
  if (::mkdirat(tree_.fd(), name.c_str(), 0700) != 0) return fail_errno(errno, "cannot make /" + name);
  directories_[name] = {mode, std::nullopt};
  return {};
}

Result<void> Unpacker::link_var_run() {
  auto place = place_for("var/run");
  if (!place) return fail(with_context(std::move(place.error()), "cannot make /var/run"));
  if (::symlinkat("/run", place->parent.get(), place->name.c_str()) == 0 || errno == EEXIST) return {};
  return fail_errno(errno, "cannot make /var/run");
}

Result<void> Unpacker::finish() {
  for (const char* name : {"proc", "sys", "dev", "run"}) {
    if (auto made = mount_point(name, 0755); !made) return made;
  }
  if (auto made = mount_point("tmp", 01777); !made) return made;
  if (auto made = link_var_run(); !made) return made;
  for (auto at = directories_.rbegin(); at != directories_.rend(); ++at) {
    if (auto done = complete_directory(at->first, at->second); !done) {
      return fail(with_context(std::move(done.error()), "directory " + quote("/" + at->first)));
    }
  }
  return {};
}

Result<void> Unpacker::complete_directory(const std::string& real, const DirectoryData& data) {
  auto found = tree_.directory(real);
  if (!found) return fail(std::move(found.error()));
  if (!*found) return fail(Errc::failed, "it disappeared");
  UniqueFd fd(::openat((*found)->get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(errno, "cannot open it");
  if (::fchmod(fd.get(), data.mode) != 0) return fail_errno(errno, "cannot set its mode");
  return data.mtime ? set_mtime(fd.get(), *data.mtime) : Result<void>();
}

void Unpacker::warn(std::string text) {
  if (warnings_.size() < max_warnings) warnings_.push_back(std::move(text));
}

}  // namespace schedkit
