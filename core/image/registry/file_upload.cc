#include "core/image/registry/file_upload.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/file.h"
#include "core/loop/work.h"

namespace schedkit::registry {

namespace {
constexpr std::size_t piece_bytes = 512u << 10;
}

struct FileUpload::File {
  std::string path;
  UniqueFd fd = {};
  std::uint64_t at = 0;

  Result<std::string> next() {
    if (!fd) {
      auto opened = open_file(path, O_RDONLY);
      if (!opened) return fail(std::move(opened.error()));
      fd = std::move(*opened);
    }
    std::string piece(piece_bytes, '\0');
    const ssize_t got = ::pread(fd.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (got < 0) return fail_errno(errno, "cannot read " + path);
    if (got == 0) return fail(Errc::integrity, "{} ends too early", path);
    piece.resize(static_cast<std::size_t>(got));
    at += piece.size();
    return piece;
  }
};

FileUpload::FileUpload(Loop& loop, std::string path, std::uint64_t size, std::function<void()> more)
    : loop_(loop), size_(size), more_(std::move(more)), file_(std::make_shared<File>(File{std::move(path)})) {}

FileUpload::~FileUpload() = default;

void FileUpload::fetch() {
  fetching_ = true;
  run_in_pool_for(
      loop_, [file = file_] { return file->next(); },
      [this, alive = std::weak_ptr<const int>(alive_)](Result<std::string> piece) {
        if (!alive.expired()) take(std::move(piece));
      });
}

void FileUpload::take(Result<std::string> piece) {
  fetching_ = false;
  if (piece) {
    piece_ = std::move(*piece);
    at_ = 0;
  } else {
    error_ = std::move(piece.error());
  }
  more_();
}

Result<std::optional<std::size_t>> FileUpload::read(char* buffer, std::size_t size) {
  if (error_) return fail(*error_);
  if (given_ == size_) return std::optional<std::size_t>(0);
  if (at_ == piece_.size()) {
    if (!fetching_) fetch();
    return std::optional<std::size_t>();
  }
  const std::size_t count = std::min({size, piece_.size() - at_, static_cast<std::size_t>(size_ - given_)});
  piece_.copy(buffer, count, at_);
  at_ += count;
  given_ += count;
  return std::optional(count);
}

}  // namespace schedkit::registry
