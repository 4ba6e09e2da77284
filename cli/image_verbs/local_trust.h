#pragma once

#include <string>

#include "core/base/result.h"
#include "core/image/admission.h"

namespace schedkit {

// Whether the trust settings below `root`/etc/schedkit let an image of a registry in, and who vouches for it. Asks the
// registry for what signs it; nothing is brought in. Errc::denied: it is not trusted; any other error: that could not be
// found out. Runs a loop of its own until it knows.
Result<TrustRecord> judge_trust(const std::string& root, const Admission::Candidate& candidate);

}  // namespace schedkit
