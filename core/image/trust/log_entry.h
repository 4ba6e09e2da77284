// One entry of a Rekor v1 transparency log as a bundle carries it (sigstore/protobuf-specs, sigstore_rekor.proto), and
// the proofs that the log made it: the signed entry timestamp and the inclusion proof with its checkpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/json.h"
#include "core/image/trust/trusted_root.h"

namespace schedkit {

struct InclusionProof {
  std::uint64_t log_index = 0;  // within the shard that the checkpoint speaks of
  std::uint64_t tree_size = 0;
  std::string root_hash;            // 32 bytes
  std::vector<std::string> hashes;  // 32 bytes each, from the leaf up
  std::string checkpoint;           // a signed note
};

struct LogEntry {
  std::string log_id;           // 32 bytes
  std::uint64_t log_index = 0;  // over all shards
  std::int64_t integrated_time = 0;
  std::string kind;  // "" where the format does not say (cosign's annotation)
  std::string version;
  std::string body;       // exact bytes of the canonicalized JSON
  std::string timestamp;  // signed entry timestamp; "" when missing
  std::optional<InclusionProof> proof;
};

// A member of "tlogEntries".
Result<LogEntry> parse_log_entry(const Json& json);

// cosign's annotation dev.sigstore.cosign/bundle; it holds no inclusion proof.
Result<LogEntry> parse_log_annotation(std::string_view json);

// Whether it is in the form of Rekor v2, which has no signed entry timestamps.
bool is_rekor_v2(const LogEntry& entry);

// The signed entry timestamp by `log`: makes integrated_time, log_index and body trustworthy.
Result<void> verify_entry_timestamp(const LogEntry& entry, const TrustedLog& log);

// The entry's hash leads to the proof's root (RFC 9162 section 2.1.3.2).
Result<void> verify_inclusion(const LogEntry& entry);

// The proof's root and size are those of a checkpoint that `log` signed (C2SP signed-note and tlog-checkpoint, with
// Rekor's key hint: the first four bytes of the log's ID).
Result<void> verify_checkpoint(const InclusionProof& proof, const TrustedLog& log);

}  // namespace schedkit
