// /etc/containers/policy.json, read as a trust policy (containers-policy.json(5)): "default" and "transports"."docker"
// with insecureAcceptAnything, reject and sigstoreSigned. What we cannot check (signedBy, Fulcio without certificate
// logs, PKI, remapped identities) rejects, and the reason is shown when it does. Unknown members are errors.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/policy/trust_policy.h"

namespace schedkit {

// `file` names it in messages. Other transports than docker do not concern us and are not read; oci: layouts fall
// under "default".
Result<TrustPolicy> parse_containers_policy(std::string_view json, const std::string& file);

}  // namespace schedkit
