// Upstream's trust policy (schedkit/schedctl, internal/verify/policy.go), for `--trust-policy` and
// SCHEDCTL_TRUST_POLICY. The only user of yaml-cpp is trust_yaml.cc.
//
//   keys: [{path: /etc/schedkit/keys/a.pem}]
//   identities: [{issuer: …, subject: …, issuerRegExp: …, subjectRegExp: …}]
//   rekorURL: https://rekor.sigstore.dev        # only the trusted root's logs at this address count
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// A signature by any of the keys (no transparency log asked for, as upstream) or any of the identities (with the
// default trusted root) is what every image needs. Unlike upstream, unknown keys and relative paths are
// errors, and an identity must say something about both issuer and subject. Errors carry file:line:column.
Result<TrustPolicy> parse_trust_yaml(std::string_view text, const std::string& file);

}  // namespace schedkit
