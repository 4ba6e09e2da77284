// Files as whole texts, without exceptions. All paths are taken as they are; symbolic links are followed.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

// The whole content; Errc::limit when there is more than `limit` bytes, Errc::invalid for a directory. Works for /proc
// and /sys, where sizes are 0. Never blocks on a FIFO.
Result<std::string> read_file(const std::string& path, std::size_t limit);

// Writes a temporary file beside `path`, syncs it and renames it over `path`, then syncs the directory: after a crash
// there is the old content or the new, never a part.
Result<void> write_file_atomic(const std::string& path, std::string_view content, mode_t mode = 0600);

// The same for a file that exists: its owner, group and mode stay, and a symbolic link stays one (what it points to is
// replaced).
Result<void> replace_file(const std::string& path, std::string_view content);

// Makes `path` and its missing parents.
Result<void> make_directories(const std::string& path, mode_t mode = 0755);

// Removes a file or a whole tree without following links; a missing one is no error.
Result<void> remove_tree(const std::string& path);

// openat/open with O_CLOEXEC.
Result<UniqueFd> open_file(const std::string& path, int flags, mode_t mode = 0600);

}  // namespace schedkit
