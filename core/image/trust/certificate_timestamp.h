// Proof that a certificate was logged before it was used: the signed certificate timestamps inside it (RFC 6962).
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"
#include "core/image/trust/certificate.h"
#include "core/image/trust/trusted_root.h"

namespace schedkit {

// Errc::integrity unless at least one timestamp in `leaf`, which `issuer` signed, is by one of `logs`, which was valid
// then, and not later than `time` (seconds since 1970) with five minutes of drift between clocks.
Result<void> verify_certificate_timestamp(const Certificate& leaf, const Certificate& issuer,
                                          const std::vector<TrustedLog>& logs, std::int64_t time);

}  // namespace schedkit
