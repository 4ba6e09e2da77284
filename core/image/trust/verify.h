// The verdict on an image: bytes in, TrustRecord or the reason out. No network, no disk, no clock.
//
// Called before anything big is fetched, and again from what is stored before each start, so that a policy that
// changed holds for images that are there already.
#pragma once

#include <optional>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/reference.h"
#include "core/image/trust/signature_material.h"
#include "core/image/trust/trust_files.h"
#include "core/image/trust/trust_record.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

struct TrustSubject {
  Reference reference;             // as the user named it, before any mirror
  Digest digest;                   // of the index or manifest that it names
  std::optional<Digest> platform;  // of this platform's manifest in it; a signature of that counts as well
  bool root_owned = false;         // root_owned_layout() (core/image/trust.h) opened its layout
};

// Whether `policy` allows `subject`, given everything that is known of its signatures: the most specific scope's
// requirements must all hold. Errc::denied when the policy rejects it as it is, Errc::integrity when signatures are
// missing or do not hold; the text names the scope and, for each signature, the step that failed. `files` are
// read_trust_files(policy). The record's age is left to the caller, but for signed_at.
Result<TrustRecord> verify_trust(const TrustPolicy& policy, const TrustFiles& files, const TrustSubject& subject,
                                 const SignatureMaterial& material, WallTime now);

// Whether signatures can matter for `reference`, so that they have to be collected.
bool needs_signatures(const TrustPolicy& policy, const Reference& reference);

}  // namespace schedkit
