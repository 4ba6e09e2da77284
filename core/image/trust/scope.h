// Which scope of a trust policy an image falls under. The grammar is containers-policy.json(5)'s for docker://, plus
// layouts:
//   HOST[:PORT]   HOST/NAMESPACE   HOST/REPOSITORY   HOST/REPOSITORY:TAG   HOST/REPOSITORY@DIGEST   *.DOMAIN
//   oci:          oci:/DIRECTORY
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/image/reference.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// Errc::invalid, saying why, for what can never match.
Result<void> check_scope(std::string_view prefix);

// The most specific scope that covers `image`; nullptr when none does (then TrustPolicy::otherwise holds). Whole path
// components match, never parts of them; a digest is more specific than a tag, and "*.DOMAIN" the least of all.
const TrustScope* find_scope(const TrustPolicy& policy, const Reference& image);

}  // namespace schedkit
