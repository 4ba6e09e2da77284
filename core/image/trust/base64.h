// Standard base64 with padding (RFC 4648 section 4), read strictly: one text per value.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

std::string encode_base64(std::string_view bytes);

// Errc::invalid for other characters, white space, missing padding or bits that mean nothing.
Result<std::string> decode_base64(std::string_view text);

}  // namespace schedkit
