// Ustar archives (POSIX.1-1988) in memory, byte for byte the same for the same input.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace schedkit {

struct TarHeader {
  std::string name;  // at most 100 bytes
  char type = '0';   // '0' file, '1' hard link, '2' symbolic link, '5' directory
  unsigned mode = 0644;
  std::int64_t mtime = 0;
  std::string link = {};  // at most 100 bytes
};

// Appends one entry of user and group 0. The caller keeps to the limits; longer names are cut.
void append_tar_entry(std::string& archive, const TarHeader& header, std::string_view content = {});

// The two empty blocks at the end.
void end_tar(std::string& archive);

}  // namespace schedkit
