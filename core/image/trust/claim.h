// What a signature claims: the digest of an image, and in cosign's older format also a name for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/reference.h"
#include "core/image/trust/image_signature.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

struct Claim {
  Digest digest;                    // one of those asked for
  std::optional<std::string> name;  // docker-reference; none where the format has no place for it
};

// What `signature`, which must be verified before, says: Errc::integrity when it is about none of `digests`,
// Errc::unsupported when it is no signature of an image but an attestation.
Result<Claim> read_claim(const ImageSignature& signature, const std::vector<Digest>& digests);

// Errc::integrity unless the claim's name is what `rule` demands for `image`.
Result<void> require_name(const Claim& claim, const IdentityRule& rule, const Reference& image);

}  // namespace schedkit
