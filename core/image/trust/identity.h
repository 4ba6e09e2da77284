// Who signed without a key of their own, and whether that is whom the policy means.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

struct SignerIdentity {
  std::string issuer;  // OpenID Connect provider, "https://token.actions.githubusercontent.com"
  std::string subject;  // "https://github.com/schedkit/plumbing/.github/workflows/…@refs/heads/main", an e-mail address
};

// Errc::integrity, naming both, unless `identity` is one of `signer`.
Result<void> require_identity(const SignerIdentity& identity, const KeylessSigner& signer);

// Errc::invalid unless `pattern` is a regular expression of RE2, and not too large.
Result<void> check_regexp(std::string_view pattern);

}  // namespace schedkit
