#include "core/image/trust/entry_body.h"

#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/certificate.h"
#include "core/image/trust/hash.h"
#include "core/image/trust/proto_fields.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_body = 1u << 20;

struct EntryBody {
  std::string payload_hash;  // hexadecimal SHA-256
  std::string signature;     // raw bytes
  std::string verifier;      // PEM of a certificate or a public key
};

std::string hash_of(ProtoFields& parent, const char* key) {
  ProtoFields fields(parent.object(key), key);
  const std::string value = fields.text("value");
  return fields.text("algorithm") == "sha256" && fields.done() ? value : "";
}

Result<EntryBody> read_hashedrekord(const Json& spec) {
  ProtoFields fields(spec, "spec");
  ProtoFields data(fields.object("data"), "data");
  ProtoFields signature(fields.object("signature"), "signature");
  ProtoFields key(signature.object("publicKey"), "publicKey");
  EntryBody body{hash_of(data, "hash"), signature.bytes("content"), key.bytes("content")};
  for (const ProtoFields* read : {&fields, &data, &signature, &key}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  return body;
}

Result<EntryBody> read_dsse(const Json& spec) {
  ProtoFields fields(spec, "spec");
  EntryBody body;
  body.payload_hash = hash_of(fields, "payloadHash");
  const Json& signatures = fields.array("signatures");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (signatures.size() != 1) return fail(Errc::integrity, "the entry has {} signatures", signatures.size());
  ProtoFields signature(signatures.front(), "signature");
  body.signature = signature.bytes("signature");
  body.verifier = signature.bytes("verifier");
  if (auto done = signature.done(); !done) return fail(std::move(done.error()));
  return body;
}

Result<EntryBody> read_intoto(const Json& spec) {
  ProtoFields fields(spec, "spec");
  ProtoFields content(fields.object("content"), "content");
  ProtoFields envelope(content.object("envelope"), "envelope");
  EntryBody body;
  body.payload_hash = hash_of(content, "payloadHash");
  const Json& signatures = envelope.array("signatures");
  for (const ProtoFields* read : {&fields, &content, &envelope}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  if (signatures.size() != 1) return fail(Errc::integrity, "the entry has {} signatures", signatures.size());
  ProtoFields signature(signatures.front(), "signature");
  // Rekor encoded an already encoded signature once more.
  auto bytes = decode_base64(signature.bytes("sig"));
  body.verifier = signature.bytes("publicKey");
  if (auto done = signature.done(); !done) return fail(std::move(done.error()));
  if (!bytes) return fail(with_context(std::move(bytes.error()), "signature"));
  body.signature = std::move(*bytes);
  return body;
}

// Envelopes are logged as dsse or intoto, everything else as hashedrekord; nothing else fits.
Result<EntryBody> read_body(const LogEntry& entry, bool envelope) {
  auto json = parse_json(entry.body, largest_body);
  if (!json) return fail(std::move(json.error()));
  ProtoFields fields(*json, "entry");
  const std::string kind = fields.text("kind");
  const std::string version = fields.text("apiVersion");
  const Json& spec = fields.object("spec");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (!entry.kind.empty() && (entry.kind != kind || entry.version != version)) {
    return fail(Errc::integrity, "the bundle calls the entry {} {}, the entry itself {} {}", quote(entry.kind, 32),
                quote(entry.version, 32), quote(kind, 32), quote(version, 32));
  }
  if (envelope && kind == "dsse" && version == "0.0.1") return read_dsse(spec);
  if (envelope && kind == "intoto" && version == "0.0.2") return read_intoto(spec);
  if (!envelope && kind == "hashedrekord" && version == "0.0.1") return read_hashedrekord(spec);
  return fail(Errc::integrity, "entries {} {} do not log signatures of this kind", quote(kind, 32), quote(version, 32));
}

// The DER in `pem` in the form of what it is compared with.
Result<std::string> verifier_der(const std::string& pem, bool certificate) {
  if (certificate) {
    auto parsed = Certificate::from_pem(pem);
    if (!parsed) return fail(std::move(parsed.error()));
    return parsed->der();
  }
  auto parsed = PublicKey::from_pem(pem);
  if (!parsed) return fail(std::move(parsed.error()));
  return parsed->der();
}

}  // namespace

Result<void> require_bound(const LogEntry& entry, const ImageSignature& signature, std::string_view key) {
  auto body = read_body(entry, signature.format == ImageSignature::Format::envelope);
  if (!body) return fail(std::move(body.error()));
  auto hash = signature.payload_hash();
  if (!hash) return fail(std::move(hash.error()));
  if (body->payload_hash != hex_of(*hash)) return fail(Errc::integrity, "the entry is about another payload");
  if (body->signature != signature.signature) return fail(Errc::integrity, "the entry is about another signature");
  auto verifier = verifier_der(body->verifier, key.empty());
  if (!verifier) return fail(std::move(verifier.error()));
  if (*verifier != (key.empty() ? std::string_view(signature.certificate) : key)) {
    return fail(Errc::integrity, "the entry is about another {}", key.empty() ? "certificate" : "key");
  }
  return {};
}

}  // namespace schedkit
