// A directory tree that is filled from a foreign archive. Every path is resolved by the kernel inside the root
// (openat2 with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS): "/", ".." and symbolic links in it cannot leave.
// The last component is never followed.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/image/limits.h"

namespace schedkit {

// `path` of an archive without leading '/', "." and empty components: "" is the root. Refuses "..", an empty path and
// what exceeds the limits.
Result<std::string> clean_entry_path(std::string_view path, const ImageLimits& limits);

// A name in an existing directory.
struct TreePlace {
  UniqueFd parent;   // O_PATH
  std::string name;  // one component
  std::string real;  // the parent's path without symbolic links, and the name; relative to the root
};

class Tree {
 public:
  static constexpr std::size_t max_depth = 128;  // so that removing it never runs out of descriptors

  // `path`: an existing directory; becomes the root.
  static Result<Tree> open(const std::string& path);

  int fd() const { return root_.get(); }

  // Where `path` (clean, not "") is; none when a parent does not exist.
  Result<std::optional<TreePlace>> find(const std::string& path) const;

  // The same, after making missing parents with mode 0700. `made` is told the real path of each.
  using Made = std::function<void(const std::string& real)>;
  Result<TreePlace> make(const std::string& path, const Made& made) const;

  // The directory at `path` ("" is the root), links resolved inside the root; O_PATH, none when it is missing.
  Result<std::optional<UniqueFd>> directory(const std::string& path) const;

  // A directory's path without links, relative to the root; "" is the root.
  Result<std::string> real_path(int directory) const;

 private:
  Tree(UniqueFd root, std::string path) : root_(std::move(root)), path_(std::move(path)) {}
  Result<TreePlace> place(UniqueFd parent, std::string_view name) const;

  UniqueFd root_;
  std::string path_;
};

// What is at `place`, links not followed; none when nothing is.
Result<std::optional<struct stat>> look_at(int parent, const std::string& name);

// Removes a file or tree; a missing one is no error. Links are not followed.
Result<void> remove_at(int parent, const std::string& name);

// Calls `each` with the names in a directory (an O_PATH descriptor is enough); the listing is taken before the first
// call.
Result<void> for_each_name(int directory, const std::function<Result<void>(const std::string&)>& each);

}  // namespace schedkit
