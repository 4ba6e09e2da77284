// SHA-256 as bytes, for formats that hash and sign bytes; names of content are core/image/digest.h's.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

// 32 bytes.
Result<std::string> sha256(std::string_view bytes);

// Lower case.
std::string hex_of(std::string_view bytes);

}  // namespace schedkit
