#include "core/policy/trust_policy.h"

#include <algorithm>
#include <utility>

namespace schedkit {

namespace {

TrustScope local_layouts() { return {.prefix = "oci:", .require = {RootOwnedLayout{}}}; }

}  // namespace

TrustPolicy shipped_trust_policy() {
  const KeylessSigner catalogue{.issuer = "https://token.actions.githubusercontent.com",
                                .subject_prefix = "https://github.com/schedkit/"};
  TrustPolicy policy;
  policy.scopes = {local_layouts(), {.prefix = "ghcr.io/schedkit", .require = {SignedBy{{catalogue}}}}};
  policy.source = "the shipped trust policy";
  return policy;
}

TrustPolicy trust_policy_of(SignedBy signers, std::string source) {
  TrustPolicy policy;
  policy.otherwise = {std::move(signers)};
  policy.scopes = {local_layouts()};
  policy.source = std::move(source);
  return policy;
}

void set_scope(TrustPolicy& policy, TrustScope scope) {
  const auto same = std::ranges::find(policy.scopes, scope.prefix, &TrustScope::prefix);
  if (same == policy.scopes.end()) {
    policy.scopes.push_back(std::move(scope));
  } else {
    *same = std::move(scope);
  }
}

}  // namespace schedkit
