#include "core/image/write_back.h"

#include <fcntl.h>

namespace schedkit {

namespace {

constexpr std::uint64_t at_once = 4u << 20;

}  // namespace

void WriteBack::reached(int fd, std::uint64_t end) {
  if (end < begun_ + at_once) return;
  static_cast<void>(
      ::sync_file_range(fd, static_cast<off_t>(begun_), static_cast<off_t>(end - begun_), SYNC_FILE_RANGE_WRITE));
  begun_ = end;
}

}  // namespace schedkit
