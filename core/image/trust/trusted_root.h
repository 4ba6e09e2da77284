// trusted_root.json: whom keyless signatures are believed (sigstore/protobuf-specs, sigstore_trustroot.proto, media
// types application/vnd.dev.sigstore.trustedroot…). Sigstore distributes the public one by TUF; we read a file.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/trust/certificate.h"
#include "core/image/trust/public_key.h"

namespace schedkit {

// Seconds since 1970, both included.
struct ValidFor {
  std::int64_t start = std::numeric_limits<std::int64_t>::min();
  std::int64_t end = std::numeric_limits<std::int64_t>::max();

  bool covers(std::int64_t time) const { return start <= time && time <= end; }
};

// A transparency log of signatures (Rekor) or of certificates.
struct TrustedLog {
  std::string url;
  PublicKey key;
  std::string id;  // 32 bytes: SHA-256 of the key
  ValidFor valid_for;
};

struct TrustedAuthority {
  AuthorityChain chain;  // issuing certificate first, anchor last
  ValidFor valid_for;
};

struct TrustedRoot {
  std::vector<TrustedLog> logs;
  std::vector<TrustedAuthority> authorities;
  std::vector<TrustedLog> certificate_logs;
};

// Left out, so that nothing of theirs is believed: logs with keys of a kind that we cannot use, logs whose ID is not the
// hash of their key (Rekor v2), timestamp authorities.
Result<TrustedRoot> parse_trusted_root(std::string_view json);

// One log at `url` (which may be empty), valid at all times.
Result<TrustedLog> make_log(PublicKey key, std::string url);

}  // namespace schedkit
