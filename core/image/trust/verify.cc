#include "core/image/trust/verify.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/scope.h"
#include "core/image/trust/signers.h"

namespace schedkit {
namespace {

// One overload for each requirement.
struct Judge {
  const TrustFiles& files;
  const TrustSubject& subject;
  const SignatureMaterial& material;

  Result<TrustProof> operator()(const Reject& reject) const {
    return fail(Errc::denied, "rejected by the trust policy{}", reject.reason.empty() ? "" : ": " + reject.reason);
  }

  Result<TrustProof> operator()(const AcceptAnything&) const {
    return TrustProof{.requirement = "insecure-accept-anything"};
  }

  Result<TrustProof> operator()(const DigestPin&) const {
    if (!subject.reference.digest) {
      return fail(Errc::denied, "the policy wants the image by digest; write {}@{}", subject.reference.to_string(),
                  subject.digest.to_string());
    }
    const Digest& pinned = *subject.reference.digest;
    if (pinned != subject.digest && pinned != subject.platform) {
      return fail(Errc::integrity, "it was found with digest {}", subject.digest.to_string());
    }
    return TrustProof{.requirement = "digest-pin", .digest = pinned.to_string()};
  }

  Result<TrustProof> operator()(const RootOwnedLayout&) const {
    if (!subject.root_owned) return fail(Errc::denied, "the policy wants a layout on this machine that root owns");
    return TrustProof{.requirement = "root-owned-layout"};
  }

  Result<TrustProof> operator()(const SignedBy& signers) const {
    std::vector<Digest> digests{subject.digest};
    if (subject.platform && *subject.platform != subject.digest) digests.push_back(*subject.platform);
    return find_signature(signers, files, subject.reference, digests, material);
  }
};

const std::vector<TrustRequirement>& requirements_of(const TrustPolicy& policy, const TrustScope* scope) {
  return scope != nullptr ? scope->require : policy.otherwise;
}

std::int64_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// When the image was signed, as far as a log says so: the latest of the proofs.
std::optional<std::int64_t> signed_at(const std::vector<TrustProof>& proofs) {
  std::optional<std::int64_t> latest;
  for (const TrustProof& proof : proofs) {
    if (!proof.log_id.empty()) latest = std::max(latest.value_or(proof.log_time), proof.log_time);
  }
  return latest;
}

}  // namespace

Result<TrustRecord> verify_trust(const TrustPolicy& policy, const TrustFiles& files, const TrustSubject& subject,
                                 const SignatureMaterial& material, WallTime now) {
  const TrustScope* scope = find_scope(policy, subject.reference);
  TrustRecord record{.reference = subject.reference.to_string(),
                     .digest = subject.digest.to_string(),
                     .platform = subject.platform ? subject.platform->to_string() : "",
                     .policy = policy.source,
                     .scope = scope != nullptr ? scope->prefix : "",
                     .verified_at = seconds_of(now)};
  const auto context = [&](Error error) {
    const std::string place = scope != nullptr ? "scope " + quote(scope->prefix) : "default";
    const std::string where = policy.source.empty() ? place : fmt::format("{} of {}", place, policy.source);
    return fail(with_context(std::move(error), fmt::format("{} is not trusted ({})", record.reference, where)));
  };
  const auto& requirements = requirements_of(policy, scope);
  if (requirements.empty()) return context({Errc::denied, "nothing is required there, and so nothing is allowed", {}});
  for (const TrustRequirement& requirement : requirements) {
    auto proof = std::visit(Judge{files, subject, material}, requirement);
    if (!proof) return context(std::move(proof.error()));
    record.proofs.push_back(std::move(*proof));
  }
  record.age.signed_at = signed_at(record.proofs);
  return record;
}

bool needs_signatures(const TrustPolicy& policy, const Reference& reference) {
  const auto& requirements = requirements_of(policy, find_scope(policy, reference));
  return std::ranges::any_of(requirements, [](const auto& one) { return std::holds_alternative<SignedBy>(one); });
}

}  // namespace schedkit
