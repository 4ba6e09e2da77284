// What `schedctl verify` prints, as JSON (schema_version "1"):
//   reference, trusted, from ("store", "registry", "layout"), digest, reason (why it is not trusted), and if it is:
//   platform_digest, policy, scope ("" is the policy's default), verified_at, version, created, signed_at,
//   proofs: [{requirement, text, format, digest, key, key_id, issuer, subject, log: {id, index, time}}]
// Members that do not apply are left out; times are RFC 3339.
#pragma once

#include <string>

#include "core/image/trust/trust_record.h"

namespace schedkit {

struct TrustReport {
  enum class From { store, registry, layout };

  std::string reference;
  std::string digest = {};
  From from = From::store;
  TrustRecord record = {};
  std::string refusal = {};  // "" when it is trusted
};

std::string write_trust_report(const TrustReport& report);

}  // namespace schedkit
