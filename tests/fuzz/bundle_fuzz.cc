// Everything of trust that reads a stranger's bytes, and the two readers of policies beside it.
#include <cstdint>
#include <string_view>

#include "core/image/hasher.h"
#include "core/image/trust/bundle.h"
#include "core/image/trust/claim.h"
#include "core/image/trust/containers_policy.h"
#include "core/image/trust/entry_body.h"
#include "core/image/trust/evidence.h"
#include "core/image/trust/trust_record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace schedkit;
  const std::string text(reinterpret_cast<const char*>(data), size);
  static const std::vector<Digest> digests{*digest_of("image")};
  if (auto bundle = parse_bundle(text)) {
    (void)read_claim(*bundle, digests);
    for (const LogEntry& entry : bundle->entries) {
      (void)require_bound(entry, *bundle, "");
      if (!entry.proof) continue;
      (void)verify_inclusion(entry);
    }
    if (auto certificate = Certificate::from_der(bundle->certificate)) {
      (void)certificate->subject();
      (void)certificate->issuer();
      (void)certificate->public_key();
    }
  }
  ImageSignature simple;
  simple.payload = text;
  (void)read_claim(simple, digests);
  (void)parse_simple_signature(
      {"payload", {{"dev.cosignproject.cosign/signature", "QQ=="}, {"dev.sigstore.cosign/bundle", text}}});
  (void)PublicKey::from_pem(text);
  (void)parse_trusted_root(text);
  (void)simple_signature_blobs(text);
  (void)referrers_to_fetch(text);
  (void)bundle_blob(text, digests.front());
  (void)parse_containers_policy(text, "fuzz");
  (void)parse_trust_record(text);
  (void)parse_evidence(text);
  return 0;
}
