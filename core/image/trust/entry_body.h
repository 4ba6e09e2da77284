// What a log entry says was signed, by whom (sigstore/rekor, pkg/types: dsse 0.0.1, intoto 0.0.2, hashedrekord 0.0.1).
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/image/trust/image_signature.h"
#include "core/image/trust/log_entry.h"

namespace schedkit {

// Errc::integrity unless `entry` is about exactly `signature`: the same payload hash, the same signature bytes, and as
// verifier the same certificate (or, when `key` is not empty, the public key whose SubjectPublicKeyInfo it is).
// Without this any entry of the log would prove any signature (CVE-2022-36056).
Result<void> require_bound(const LogEntry& entry, const ImageSignature& signature, std::string_view key);

}  // namespace schedkit
