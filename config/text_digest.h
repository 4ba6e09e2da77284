#pragma once

#include <string>
#include <string_view>

namespace schedkit {

// The sha256 of `text` in hexadecimal digits; empty when OpenSSL cannot compute it.
std::string sha256_of(std::string_view text);

}  // namespace schedkit
