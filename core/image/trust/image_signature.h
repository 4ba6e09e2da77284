// A signature of an image in one form, whatever format it came in. Nothing of it is verified yet.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/trust/log_entry.h"
#include "core/image/trust/public_key.h"
#include "core/image/trust/signature_material.h"

namespace schedkit {

struct ImageSignature {
  enum class Format {
    simple_signing,  // cosign's older format
    envelope,        // a bundle with a DSSE envelope around an in-toto statement
    digest,          // a bundle with a signature of the manifest itself, known by its SHA-256
  };

  Format format = Format::simple_signing;
  std::string signature;          // raw bytes
  std::string payload;            // what claims the image; of `digest`: its SHA-256, 32 bytes
  std::string payload_type;       // of an envelope
  std::string certificate;        // DER of the signer's; "" when there is none
  std::vector<LogEntry> entries;  // of transparency logs
  bool proof_required = false;    // the format's version demands inclusion proofs

  // The bytes under the signature; not for Format::digest.
  std::string message() const;

  // SHA-256 of the payload, 32 bytes: what log entries name.
  Result<std::string> payload_hash() const;

  // Errc::integrity unless `key` made the signature.
  Result<void> verify(const PublicKey& key) const;
};

std::string_view to_string(ImageSignature::Format format);

// cosign, specs/SIGNATURE_SPEC.md.
Result<ImageSignature> parse_simple_signature(const SimpleSignature& stored);

}  // namespace schedkit
