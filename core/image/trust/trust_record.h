// Why an image was trusted: kept beside it, shown by `schedctl info` and `schedctl verify`, and compared with the next
// image under the same name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

// TrustProof::requirement of what a person took without asking the policy.
constexpr std::string_view allow_unsigned = "allow-unsigned";

// One requirement of the policy and what fulfilled it. Members that do not apply are empty.
struct TrustProof {
  std::string requirement = {};  // as in [trust]: "sigstore-key", "digest-pin", …
  std::string format = {};       // of the signature: "simple-signing", "bundle-dsse", "bundle-message"
  std::string digest = {};       // that was signed: the index's or the platform manifest's
  std::string key = {};          // the key's file, "" for a key given in the policy
  std::string key_id = {};       // hexadecimal SHA-256 of the key
  std::string issuer = {};       // keyless
  std::string subject = {};      // keyless
  std::string log_id = {};       // of the transparency log, where its entry was checked
  std::uint64_t log_index = 0;
  std::int64_t log_time = 0;  // when the log took the entry, seconds since 1970; 0 without one

  bool operator==(const TrustProof&) const = default;
};

// How old an image says it is, in what the signature covers, plus when it was signed if a log says so.
struct ImageAge {
  std::string version = {};                    // label org.opencontainers.image.version
  std::optional<std::int64_t> created = {};    // config "created", seconds since 1970
  std::optional<std::int64_t> signed_at = {};  // TrustProof::log_time of a keyless signature

  bool operator==(const ImageAge&) const = default;
};

struct TrustRecord {
  std::string reference = {};           // normalised
  std::string digest = {};              // what the reference named: index or manifest
  std::string platform = {};            // the platform's manifest, "" where it was not known yet
  std::string policy = {};              // the file of the policy
  std::string scope = {};               // its prefix; "" is the policy's default
  std::vector<TrustProof> proofs = {};  // one for each requirement of the scope
  std::int64_t verified_at = 0;         // seconds since 1970
  ImageAge age = {};                    // filled in by whoever reads the image

  bool operator==(const TrustRecord&) const = default;
};

std::string write_trust_record(const TrustRecord& record);
Result<TrustRecord> parse_trust_record(std::string_view json);

// "signed by key /etc/schedkit/keys/a.pem (sha256:0123…)", one line for people.
std::string describe(const TrustProof& proof);

}  // namespace schedkit
