// Applies the layers of an image, lowest first, to one directory (image-spec, layer.md). No overlay is used at run
// time.
//
// Refused, the whole layer: ".." in a path, hard links to outside, a root that is no directory, malformed whiteouts,
// anything beyond the limits. Left out: setuid and setgid bits, extended attributes other than user.*, owners (all
// becomes ours), devices, FIFOs and sockets. Whiteouts hide what lower layers brought, never what their own layer
// brings, wherever in the archive they stand.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/byte_source.h"
#include "core/image/limits.h"
#include "core/image/tar_reader.h"
#include "core/image/tree.h"

namespace schedkit {

struct UnpackOptions {
  bool strict = false;  // refuse special files instead of leaving them out
};

class Unpacker {
 public:
  // `rootfs`: an existing empty directory. After an error its content is worthless and must be removed.
  static Result<Unpacker> open(const std::string& rootfs, const ImageLimits& limits, UnpackOptions options = {});

  // One uncompressed layer, read to its end.
  Result<void> layer(ByteSource& tar);

  // Adds what a container needs and an image FROM scratch lacks: proc, sys, dev, run and tmp as real directories
  // (things are mounted over them), var/run as a link to /run if there is none. Then gives directories their modes and
  // times.
  Result<void> finish();

  // What was left out, for people; at most 20.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  // The directory of the last entry. Forgotten when anything is removed or replaced: until then its path leads there.
  struct Parent {
    std::string path;  // as the archive says
    UniqueFd fd;
    std::string real;
  };
  struct DirectoryData {
    mode_t mode = 0755;
    std::optional<struct timespec> mtime;
  };

  Unpacker(Tree tree, const ImageLimits& limits, UnpackOptions options)
      : tree_(std::move(tree)), limits_(limits), options_(options) {}

  Result<void> apply(TarReader& reader, const TarEntry& entry);
  Result<void> apply_at(TarReader& reader, const TarEntry& entry, const std::string& path);
  Result<void> whiteout(const std::string& path, std::string_view name);
  Result<void> special(const TarEntry& entry);

  Result<void> write_directory(const TreePlace& place, const TarEntry& entry);
  Result<void> write_file(const TreePlace& place, const TarEntry& entry, TarReader& reader);
  Result<void> write_symlink(const TreePlace& place, const TarEntry& entry);
  Result<void> write_hardlink(const TreePlace& place, const TarEntry& entry);

  Result<void> clear(const TreePlace& place);
  Result<void> hide(int parent, const std::string& name, const std::string& real);
  Result<TreePlace> place_for(const std::string& path);
  std::optional<TreePlace> place_beside_last(const std::string& path) const;
  void created(const std::string& real);
  void forget(const std::string& real);
  Result<void> mount_point(const std::string& name, mode_t mode);
  Result<void> link_var_run();
  Result<void> complete_directory(const std::string& real, const DirectoryData& data);
  void warn(std::string text);

  Tree tree_;
  ImageLimits limits_;
  UnpackOptions options_;
  std::optional<Parent> parent_;
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
  std::set<std::string> created_;                     // real paths this layer brought, with their parents
  std::map<std::string, DirectoryData> directories_;  // by real path; applied at the end
  std::vector<std::string> warnings_;
};

}  // namespace schedkit
