// Has the kernel begin to write a growing file to the disk, so that syncing it later has less to wait for. A file that
// stays small is left to that sync. Best effort: what goes wrong is told by the sync.
#pragma once

#include <cstdint>

namespace schedkit {

class WriteBack {
 public:
  // The file of `fd` was written up to `end` bytes. Does not wait for the disk, but for room in its queue.
  void reached(int fd, std::uint64_t end);

 private:
  std::uint64_t begun_ = 0;  // up to here
};

}  // namespace schedkit
