#include "core/image/trust/hash.h"

#include <openssl/evp.h>

namespace schedkit {

Result<std::string> sha256(std::string_view bytes) {
  std::string hash(32, '\0');
  const int done = EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                              EVP_sha256(), nullptr);
  if (done != 1) return fail(Errc::failed, "OpenSSL cannot compute SHA-256");
  return hash;
}

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

}  // namespace schedkit
