#include "core/image/trust/image_signature.h"

#include <utility>

#include "core/base/text.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/hash.h"

namespace schedkit {
namespace {

const std::string* annotation(const SimpleSignature& stored, const char* name) {
  const auto found = stored.annotations.find(name);
  return found == stored.annotations.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace

std::string_view to_string(ImageSignature::Format format) {
  switch (format) {
    case ImageSignature::Format::simple_signing: return "simple-signing";
    case ImageSignature::Format::envelope: return "bundle-dsse";
    case ImageSignature::Format::digest: return "bundle-message";
  }
  return "unknown";
}

std::string ImageSignature::message() const {
  if (format == Format::simple_signing) return payload;
  // DSSE's pre-authentication encoding (secure-systems-lab/dsse, protocol.md).
  return fmt::format("DSSEv1 {} {} {} {}", payload_type.size(), payload_type, payload.size(), payload);
}

Result<std::string> ImageSignature::payload_hash() const {
  if (format == Format::digest) return payload;
  return sha256(payload);
}

Result<void> ImageSignature::verify(const PublicKey& key) const {
  if (format == Format::digest) return key.verify_sha256(payload, signature);
  auto verified = key.verify(message(), signature);
  if (!verified && format == Format::envelope && key.is_ed25519()) {
    verified.error().text += " (cosign signs bundles with Ed25519ph, which is not supported; use ECDSA P-256)";
  }
  return verified;
}

Result<ImageSignature> parse_simple_signature(const SimpleSignature& stored) {
  if (stored.payload.size() > largest_payload) {
    return fail(Errc::limit, "the payload is larger than {}", format_size(largest_payload));
  }
  ImageSignature signature;
  signature.payload = stored.payload;
  const std::string* encoded = annotation(stored, "dev.cosignproject.cosign/signature");
  if (encoded == nullptr) return fail(Errc::invalid, "the annotation dev.cosignproject.cosign/signature is missing");
  auto bytes = decode_base64(*encoded);
  if (!bytes) return fail(with_context(std::move(bytes.error()), "signature"));
  signature.signature = std::move(*bytes);
  if (const std::string* pem = annotation(stored, "dev.sigstore.cosign/certificate")) {
    auto certificate = Certificate::from_pem(*pem);
    if (!certificate) return fail(std::move(certificate.error()));
    signature.certificate = certificate->der();
  }
  if (const std::string* json = annotation(stored, "dev.sigstore.cosign/bundle")) {
    auto entry = parse_log_annotation(*json);
    if (!entry) return fail(std::move(entry.error()));
    signature.entries.push_back(std::move(*entry));
  }
  return signature;
}

}  // namespace schedkit
