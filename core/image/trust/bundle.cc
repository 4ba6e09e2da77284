#include "core/image/trust/bundle.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/proto_fields.h"
#include "core/image/trust/signature_material.h"

namespace schedkit {
namespace {

using std::literals::operator""sv;

constexpr std::size_t most_entries = 32;
constexpr std::array without_proof{"application/vnd.dev.sigstore.bundle+json;version=0.1"sv};
constexpr std::array with_proof{"application/vnd.dev.sigstore.bundle+json;version=0.2"sv,
                                "application/vnd.dev.sigstore.bundle+json;version=0.3"sv,
                                "application/vnd.dev.sigstore.bundle.v0.3+json"sv};

bool needs_proof(std::string_view media_type) { return std::ranges::find(with_proof, media_type) != with_proof.end(); }

// The leaf alone: the certificates above it are the trusted root's.
Result<std::string> parse_certificate(ProtoFields& material) {
  const Json* leaf = &material.object("certificate");
  ProtoFields chain(material.object("x509CertificateChain"), "x509CertificateChain");
  const Json& certificates = chain.array("certificates");
  if (!certificates.empty()) leaf = &certificates.front();
  ProtoFields fields(*leaf, "certificate");
  std::string der = fields.bytes("rawBytes");
  for (const ProtoFields* read : {&chain, &fields}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  return der;
}

Result<void> parse_material(const Json& json, ImageSignature& signature) {
  ProtoFields material(json, "verificationMaterial");
  auto certificate = parse_certificate(material);
  if (!certificate) return fail(std::move(certificate.error()));
  signature.certificate = std::move(*certificate);
  const Json& entries = material.array("tlogEntries");
  if (entries.size() > most_entries) return fail(Errc::limit, "more than {} log entries", most_entries);
  for (const Json& item : entries) {
    auto entry = parse_log_entry(item);
    if (!entry) return fail(std::move(entry.error()));
    signature.entries.push_back(std::move(*entry));
  }
  return material.done();
}

Result<void> parse_envelope(const Json& json, ImageSignature& signature) {
  ProtoFields envelope(json, "dsseEnvelope");
  signature.format = ImageSignature::Format::envelope;
  signature.payload = envelope.bytes("payload");
  signature.payload_type = envelope.text("payloadType");
  const Json& signatures = envelope.array("signatures");
  if (auto done = envelope.done(); !done) return done;
  if (signatures.size() != 1) {
    return fail(Errc::invalid, "dsseEnvelope: {} signatures where one is expected", signatures.size());
  }
  ProtoFields fields(signatures.front(), "dsseEnvelope");
  signature.signature = fields.bytes("sig");
  return fields.done();
}

Result<void> parse_message(const Json& json, ImageSignature& signature) {
  ProtoFields message(json, "messageSignature");
  ProtoFields digest(message.object("messageDigest"), "messageDigest");
  signature.format = ImageSignature::Format::digest;
  signature.signature = message.bytes("signature");
  signature.payload = digest.bytes("digest");
  const std::string algorithm = digest.text("algorithm");
  for (const ProtoFields* read : {&message, &digest}) {
    if (auto done = read->done(); !done) return done;
  }
  if (algorithm == "SHA2_256" && signature.payload.size() == 32) return {};
  return fail(Errc::unsupported, "messageDigest: {} is not supported, only SHA2_256", quote(algorithm));
}

}  // namespace

bool is_bundle_type(std::string_view media_type) {
  return needs_proof(media_type) || std::ranges::find(without_proof, media_type) != without_proof.end();
}

Result<ImageSignature> parse_bundle(std::string_view json) {
  auto document = parse_json(json, largest_bundle);
  if (!document) return fail(std::move(document.error()));
  ProtoFields fields(*document, "bundle");
  const std::string type = fields.text("mediaType");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (!is_bundle_type(type)) return fail(Errc::unsupported, "bundles of type {} are not supported", quote(type));
  const bool envelope = fields.has("dsseEnvelope");
  if (envelope == fields.has("messageSignature")) {
    return fail(Errc::invalid, "a bundle holds either a dsseEnvelope or a messageSignature");
  }
  ImageSignature signature;
  signature.proof_required = needs_proof(type);
  if (auto parsed = parse_material(fields.object("verificationMaterial"), signature); !parsed) {
    return fail(std::move(parsed.error()));
  }
  auto content = envelope ? parse_envelope(fields.object("dsseEnvelope"), signature)
                          : parse_message(fields.object("messageSignature"), signature);
  if (!content) return fail(std::move(content.error()));
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return signature;
}

}  // namespace schedkit
