#pragma once

#include <cstdint>
#include <optional>

#include "core/image/hasher.h"

namespace schedkit {

// What is there already of a blob: `hasher` has seen exactly these first `offset` bytes.
struct BlobStart {
  std::uint64_t offset = 0;
  std::optional<Hasher> hasher = {};
};

}  // namespace schedkit
