// The files that a trust policy names, read once, so that judging is pure.
#pragma once

#include <map>
#include <string>

#include "core/base/result.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// Content by path, or why there is none: a key that cannot be read is a key that nobody signs with.
using TrustFiles = std::map<std::string, Result<std::string>>;

// Every key and trusted root that `policy` names. Blocks on the disk.
TrustFiles read_trust_files(const TrustPolicy& policy);

}  // namespace schedkit
