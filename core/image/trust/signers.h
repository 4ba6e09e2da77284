// Signatures of one image against the signers that a policy names.
#pragma once

#include <vector>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/reference.h"
#include "core/image/trust/signature_material.h"
#include "core/image/trust/trust_files.h"
#include "core/image/trust/trust_record.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// The proof of the first signature in `material` that is of one of `digests` and by one of `signers`. Errc::integrity
// says for each signature why it is not.
Result<TrustProof> find_signature(const SignedBy& signers, const TrustFiles& files, const Reference& image,
                                  const std::vector<Digest>& digests, const SignatureMaterial& material);

}  // namespace schedkit
