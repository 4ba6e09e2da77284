// Decompression of layers: gzip with concatenated members (RFC 1952 §2.2), zstd with concatenated frames and windows up
// to 128 MiB (RFC 8878), or nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/image/byte_source.h"
#include "core/image/limits.h"
#include "core/image/manifest.h"

namespace schedkit {

// Reads the first bytes of `source`, which must outlive the result: they must fit `type` (where that is certain).
// The result reports its end only after `source` reported its own, and fails with Errc::limit beyond `budget` bytes or
// the ratio of `limits`, Errc::invalid for damaged or truncated data. `name` is for messages.
Result<std::unique_ptr<ByteSource>> inflate_source(ByteSource& source, LayerType type, std::uint64_t budget,
                                                   const ImageLimits& limits, std::string name);

}  // namespace schedkit
