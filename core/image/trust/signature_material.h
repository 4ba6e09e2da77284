// What a registry (or the store) holds about an image's signatures, and the part of collecting it that needs no
// network: which documents to ask for and what is in them. Nothing here is trusted; verify.h judges it.
//
// Collecting for a digest D (of the index or manifest that the reference names; when that has no signature, of the
// platform's manifest):
//   1. the manifest of tag signature_tag(D), if there is one → simple_signature_blobs() → fetch each blob by digest
//      → SignatureMaterial::simple
//   2. GET referrers/D, else the index of tag referrers_tag(D) → referrers_to_fetch() → each manifest by digest
//      → bundle_blob() → fetch the blob by digest → SignatureMaterial::bundles
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/image/manifest.h"

namespace schedkit {

constexpr std::size_t most_referrers = 64;
constexpr std::size_t most_simple_signatures = 100;
constexpr std::size_t largest_payload = 64u << 10;  // of a simple signature
constexpr std::size_t largest_bundle = 1u << 20;

constexpr std::string_view simple_signing_type = "application/vnd.dev.cosign.simplesigning.v1+json";

// One layer of cosign's older format (cosign, specs/SIGNATURE_SPEC.md): the exact bytes that were signed, and the
// annotations of the layer's descriptor with the signature and, when keyless, certificate and log entry.
struct SimpleSignature {
  std::string payload;
  std::map<std::string, std::string> annotations;
};

struct SignatureMaterial {
  std::vector<SimpleSignature> simple;
  std::vector<std::string> bundles;  // JSON of sigstore bundles

  bool empty() const { return simple.empty() && bundles.empty(); }
};

// "sha256-HEX.sig".
std::string signature_tag(const Digest& digest);

// The tag of distribution-spec's "Referrers Tag Schema".
std::string referrers_tag(const Digest& digest);

// The layers of the manifest under signature_tag() that are signatures, at most most_simple_signatures.
Result<std::vector<Descriptor>> simple_signature_blobs(std::string_view manifest);

// The entries of a referrers index, at most most_referrers: those that say they are bundles first, but none is left out
// for what it says, because cosign writes a wrong artifactType into the tag's index (sigstore/cosign#4641).
Result<std::vector<Descriptor>> referrers_to_fetch(std::string_view index);
// The same of what a registry listed.
std::vector<Descriptor> referrers_to_fetch(std::vector<Descriptor> listed);

// The bundle in a referrer's manifest; none when it is something else, such as an SBOM. Errc::integrity when the
// manifest's subject is not `digest`.
Result<std::optional<Descriptor>> bundle_blob(std::string_view manifest, const Digest& digest);

}  // namespace schedkit
