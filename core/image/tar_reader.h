// Tar entries (ustar, pax, GNU; sparse files too) from a stream. libarchive is used as a parser only: nothing it hands
// out is trusted, and nothing of it touches the file system.
#pragma once

#include <sys/types.h>

#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/image/byte_source.h"
#include "core/image/limits.h"

struct __locale_struct;  // what a locale_t points to
struct archive;

namespace schedkit {

struct TarEntry {
  enum class Type { file, directory, symlink, hardlink, special };

  Type type = Type::file;
  std::string path;  // as written, unchecked
  std::string link;  // target of a symlink or hardlink, as written
  mode_t mode = 0;   // permission bits, setuid, setgid and sticky
  std::uint64_t size = 0;
  struct timespec mtime {};
  std::vector<std::pair<std::string, std::string>> xattrs;
};

class TarReader {
 public:
  // `source` must outlive the reader.
  TarReader(ByteSource& source, const ImageLimits& limits);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader();

  // The next entry, or none at the end of the archive; then `source` was read to its end. Anything that libarchive only
  // warns about is an error: a half understood entry is worse than none.
  Result<std::optional<TarEntry>> next();

  // The content of the last entry in rising offsets; gaps are holes of a sparse file. Must be called before the next
  // next(); `sink` may be empty to skip the content.
  using Sink = std::function<Result<void>(const char* data, std::size_t size, std::uint64_t offset)>;
  Result<void> content(const Sink& sink);

 private:
  static ssize_t pull(archive* handle, void* self, const void** data);
  tl::unexpected<Error> problem();
  Result<void> drain();

  struct Free {
    void operator()(archive* handle) const;
    void operator()(__locale_struct* locale) const;
  };
  ByteSource& source_;
  ImageLimits limits_;
  std::vector<char> buffer_;
  std::uint64_t pulled_ = 0;  // in the current call of libarchive
  std::uint64_t total_ = 0;
  std::optional<Error> error_;                   // of the source
  std::unique_ptr<__locale_struct, Free> utf8_;  // made once: it reads a file
  std::unique_ptr<archive, Free> archive_;
};

}  // namespace schedkit
