// Content digests (image-spec, descriptor.md "Digests"). Only the two registered algorithms in canonical form are
// accepted, so that a Digest can always be part of a path or a URL (CVE-2024-3727). They are computed by hasher.h.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

struct Digest {
  std::string algorithm;  // "sha256" or "sha512"
  std::string hex;        // lower case, 64 or 128 digits

  std::string to_string() const { return algorithm + ":" + hex; }
  auto operator<=>(const Digest&) const = default;
};

Result<Digest> parse_digest(std::string_view text);

}  // namespace schedkit
