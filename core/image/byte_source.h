// A stream that is pulled. Blob, decompressor and hash are stacked as sources; the tar parser pulls from the top one.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.h"

namespace schedkit {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Up to `size` (> 0) bytes into `buffer`; 0 only at the end, which a source that verifies something reports only when
  // the check held. May block. After an error the source must not be read again.
  virtual Result<std::size_t> read(char* buffer, std::size_t size) = 0;
};

// Reads `source` to its end; Errc::limit when it holds more than `limit` bytes.
Result<std::string> read_all(ByteSource& source, std::size_t limit);

}  // namespace schedkit
