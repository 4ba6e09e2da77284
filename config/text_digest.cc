#include "config/text_digest.h"

#include "core/image/hasher.h"

namespace schedkit {

std::string sha256_of(std::string_view text) {
  const auto digest = digest_of(text);
  return digest ? digest->hex : std::string();
}

}  // namespace schedkit
