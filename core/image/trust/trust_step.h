// The steps of judging a signature, in their order, so that an error says which one failed.
#pragma once

#include <string_view>

#include "core/base/result.h"

namespace schedkit {

enum class TrustStep {
  log,              // 1: the entry is of a log that the trusted root knows, valid then
  entry_timestamp,  // 2: the log's promise that fixes the time
  inclusion,        // 3: the entry is in the log's tree …
  checkpoint,       //    … whose root the log signed
  binding,          // 4: the entry is about this signature, by this certificate or key, of this content
  chain,            // 5: the certificate was good at that time
  certificate_log,  // 6: a certificate log saw it (SCT)
  signature,        // 7: the signature is the certificate's or key's …
  claim,            //    … and what it signs claims this image
  identity,         // 8: the signer is one whom the policy names
};

// "step 4 (log entry fits the signature)": of keyless signatures; those by keys pass through some of the steps.
std::string_view to_string(TrustStep step);

// Puts the step before the text of `error`; Errc::invalid becomes Errc::integrity, because nothing of what was
// signed is an input that somebody could mend.
tl::unexpected<Error> fail_step(TrustStep step, Error error);

}  // namespace schedkit
