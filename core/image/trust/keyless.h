// Keyless signatures, checked without network: everything that sigstore's clients check for Rekor v1 (sigstore-go,
// pkg/verify), in the steps of trust_step.h, none of them optional.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/trust/identity.h"
#include "core/image/trust/image_signature.h"
#include "core/image/trust/trusted_root.h"

namespace schedkit {

// A log entry that was verified.
struct ProvenEntry {
  std::string log_id;  // hexadecimal
  std::uint64_t log_index = 0;
  std::int64_t time = 0;  // seconds since 1970
};

struct KeylessProof {
  SignerIdentity signer;
  ProvenEntry entry;
};

// Steps 1 to 4 for every entry of a log in `logs`; entries of other logs count for nothing. `key` as in entry_body.h.
// Returns the first; Errc::integrity when there is none, Errc::unsupported when all there is is Rekor v2's.
Result<ProvenEntry> verify_entries(const ImageSignature& signature, const std::vector<const TrustedLog*>& logs,
                                   std::string_view key);

// Steps 1 to 6, the signature of step 7, and who signed. What was signed (claim.h) and whether that signer is wanted
// (identity.h) are left to the caller. `log_url`: only the root's logs there; "" for all.
Result<KeylessProof> verify_keyless(const ImageSignature& signature, const TrustedRoot& root, std::string_view log_url);

// The logs of `root` at `log_url`, all of them when it is empty.
std::vector<const TrustedLog*> logs_at(const TrustedRoot& root, std::string_view log_url);

}  // namespace schedkit
