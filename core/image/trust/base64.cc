#include "core/image/trust/base64.h"

#include <openssl/evp.h>

namespace schedkit {

std::string encode_base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Result<std::string> decode_base64(std::string_view text) {
  constexpr std::size_t most = 64u << 20;
  if (text.size() % 4 != 0 || text.size() > most) return fail(Errc::invalid, "not base64");
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  if (length < 0) return fail(Errc::invalid, "not base64");
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  // OpenSSL skips white space and ignores stray bits; what does not come out again was not canonical.
  if (encode_base64(bytes) != text) return fail(Errc::invalid, "not base64 in its only form");
  return bytes;
}

}  // namespace schedkit
