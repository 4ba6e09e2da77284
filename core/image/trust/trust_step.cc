#include "core/image/trust/trust_step.h"

#include <utility>

namespace schedkit {

std::string_view to_string(TrustStep step) {
  switch (step) {
    case TrustStep::log: return "step 1 (transparency log)";
    case TrustStep::entry_timestamp: return "step 2 (signed entry timestamp)";
    case TrustStep::inclusion: return "step 3 (inclusion proof)";
    case TrustStep::checkpoint: return "step 3 (checkpoint)";
    case TrustStep::binding: return "step 4 (log entry fits the signature)";
    case TrustStep::chain: return "step 5 (certificate chain)";
    case TrustStep::certificate_log: return "step 6 (signed certificate timestamp)";
    case TrustStep::signature: return "step 7 (signature)";
    case TrustStep::claim: return "step 7 (what is signed)";
    case TrustStep::identity: return "step 8 (identity)";
  }
  return "unknown step";
}

tl::unexpected<Error> fail_step(TrustStep step, Error error) {
  if (error.code == Errc::invalid) error.code = Errc::integrity;
  return fail(with_context(std::move(error), to_string(step)));
}

}  // namespace schedkit
