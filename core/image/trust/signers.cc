#include "core/image/trust/signers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/bundle.h"
#include "core/image/trust/claim.h"
#include "core/image/trust/keyless.h"
#include "core/image/trust/trust_step.h"

namespace schedkit {
namespace {

Result<std::string> content_of(const TrustFiles& files, const std::string& path) {
  const auto found = files.find(path);
  if (found == files.end()) return fail(Errc::not_found, "{} was not read", path);
  if (!found->second) return fail(found->second.error());
  return *found->second;
}

// Everything that a SignedBy names, parsed once for all signatures of the image.
class Signers {
 public:
  Signers(const TrustFiles& files, const Reference& image, const std::vector<Digest>& digests)
      : files_(files), image_(image), digests_(digests) {}

  Result<TrustProof> check(const KeySigner& signer, const ImageSignature& signature) {
    std::optional<Error> error;
    for (const KeySource& source : signer.keys) {
      auto proof = check_key(signer, source, signature);
      if (proof) return proof;
      // What went wrong after the key fitted says more than that another key did not.
      if (!error || proof.error().text.find(to_string(TrustStep::signature)) == std::string::npos) {
        error = std::move(proof.error());
      }
    }
    return fail(error.value_or(Error{Errc::integrity, "the policy names no key", {}}));
  }

  Result<TrustProof> check(const KeylessSigner& signer, const ImageSignature& signature) {
    const TrustedRoot* trusted = nullptr;
    if (auto root = root_of(signer.trusted_root); root) {
      trusted = *root;
    } else {
      return fail(std::move(root.error()));
    }
    auto proof = proven(signature, signer, *trusted);
    if (!proof) return fail(std::move(proof.error()));
    auto claim = read_claim(signature, digests_);
    if (!claim) return fail_step(TrustStep::claim, std::move(claim.error()));
    if (auto wanted = require_identity(proof->signer, signer); !wanted) {
      return fail_step(TrustStep::identity, std::move(wanted.error()));
    }
    TrustProof result = start("sigstore-keyless", signature, claim->digest);
    result.issuer = proof->signer.issuer;
    result.subject = proof->signer.subject;
    set_entry(result, proof->entry);
    return result;
  }

 private:
  static TrustProof start(const char* requirement, const ImageSignature& signature, const Digest& digest) {
    return {
        .requirement = requirement, .format = std::string(to_string(signature.format)), .digest = digest.to_string()};
  }

  static void set_entry(TrustProof& proof, const ProvenEntry& entry) {
    proof.log_id = entry.log_id;
    proof.log_index = entry.log_index;
    proof.log_time = entry.time;
  }

  Result<PublicKey> key_of(const KeySource& source) const {
    if (source.path.empty()) return PublicKey::from_pem(source.pem);
    auto pem = content_of(files_, source.path);
    if (!pem) return fail(std::move(pem.error()));
    auto key = PublicKey::from_pem(*pem);
    if (!key) return fail(with_context(std::move(key.error()), source.path));
    return key;
  }

  Result<const TrustedRoot*> root_of(const std::string& path) {
    const auto known = roots_.find(path);
    if (known != roots_.end()) return &known->second;
    auto json = content_of(files_, path);
    if (!json) return fail(with_context(std::move(json.error()), "trusted root"));
    auto root = parse_trusted_root(*json);
    if (!root) return fail(with_context(std::move(root.error()), "trusted root " + path));
    return &roots_.emplace(path, std::move(*root)).first->second;
  }

  // Several identities of one root share the expensive steps.
  Result<KeylessProof> proven(const ImageSignature& signature, const KeylessSigner& signer, const TrustedRoot& root) {
    const auto key = std::pair(&signature, signer.trusted_root + "\n" + signer.log_url);
    const auto known = proofs_.find(key);
    if (known != proofs_.end()) return known->second;
    return proofs_.emplace(key, verify_keyless(signature, root, signer.log_url)).first->second;
  }

  Result<TrustProof> check_key(const KeySigner& signer, const KeySource& source, const ImageSignature& signature) {
    auto key = key_of(source);
    if (!key) return fail(std::move(key.error()));
    if (auto verified = signature.verify(*key); !verified) {
      return fail_step(TrustStep::signature, std::move(verified.error()));
    }
    auto claim = read_claim(signature, digests_);
    if (!claim) return fail_step(TrustStep::claim, std::move(claim.error()));
    if (auto named = require_name(*claim, signer.identity, image_); !named) {
      return fail_step(TrustStep::claim, std::move(named.error()));
    }
    TrustProof proof = start("sigstore-key", signature, claim->digest);
    proof.key = source.path;
    proof.key_id = key->id();
    auto entry = logged(signer, signature, *key);
    if (!entry) return fail(std::move(entry.error()));
    if (*entry) set_entry(proof, **entry);
    return proof;
  }

  // None where the policy asks for no log.
  Result<std::optional<ProvenEntry>> logged(const KeySigner& signer, const ImageSignature& signature,
                                            const PublicKey& key) {
    if (signer.trusted_root.empty() && signer.log_keys.empty()) return std::nullopt;
    std::vector<TrustedLog> own;
    std::vector<const TrustedLog*> logs;
    if (!signer.trusted_root.empty()) {
      auto root = root_of(signer.trusted_root);
      if (!root) return fail(std::move(root.error()));
      logs = logs_at(**root, "");
    }
    for (const KeySource& source : signer.log_keys) {
      auto log_key = key_of(source);
      if (!log_key) return fail(with_context(std::move(log_key.error()), "log key"));
      auto log = make_log(std::move(*log_key), "");
      if (!log) return fail(std::move(log.error()));
      own.push_back(std::move(*log));
    }
    for (const TrustedLog& log : own) logs.push_back(&log);
    auto entry = verify_entries(signature, logs, key.der());
    if (!entry) return fail(std::move(entry.error()));
    return std::move(*entry);
  }

  const TrustFiles& files_;
  const Reference& image_;
  const std::vector<Digest>& digests_;
  std::map<std::string, TrustedRoot> roots_;
  std::map<std::pair<const ImageSignature*, std::string>, Result<KeylessProof>> proofs_;
};

struct NamedSignature {
  std::string name;  // for messages
  Result<ImageSignature> signature;
};

std::vector<NamedSignature> parse_all(const SignatureMaterial& material) {
  std::vector<NamedSignature> signatures;
  for (const std::string& bundle : material.bundles) {
    if (signatures.size() == most_referrers) break;
    signatures.push_back({fmt::format("bundle {}", signatures.size() + 1), parse_bundle(bundle)});
  }
  std::size_t number = 0;
  for (const SimpleSignature& simple : material.simple) {
    if (++number > most_simple_signatures) break;
    signatures.push_back({fmt::format("signature {}", number), parse_simple_signature(simple)});
  }
  return signatures;
}

// The reasons, at most `shown` of them and each once.
std::string list_reasons(const std::vector<std::string>& reasons) {
  constexpr std::size_t shown = 6;
  std::vector<std::string> first;
  for (const std::string& reason : reasons) {
    if (first.size() < shown && std::ranges::find(first, reason) == first.end()) first.push_back(reason);
  }
  const std::string more = reasons.size() > shown ? fmt::format("; and {} more", reasons.size() - shown) : "";
  return join(first, "; ") + more;
}

}  // namespace

Result<TrustProof> find_signature(const SignedBy& signers, const TrustFiles& files, const Reference& image,
                                  const std::vector<Digest>& digests, const SignatureMaterial& material) {
  if (material.empty()) return fail(Errc::integrity, "{} is not signed", digests.front().to_string());
  // Parsed signatures stay where they are: what is remembered of them goes by their address.
  const std::vector<NamedSignature> parsed = parse_all(material);
  Signers known(files, image, digests);
  std::vector<std::string> reasons;
  bool all_unsupported = true;
  const auto note = [&](const std::string& name, const Error& error) {
    reasons.push_back(name + ": " + error.text);
    all_unsupported = all_unsupported && error.code == Errc::unsupported;
  };
  for (const auto& [name, signature] : parsed) {
    if (!signature) {
      note(name, signature.error());
      continue;
    }
    for (const Signer& signer : signers.any_of) {
      auto proof = std::visit([&](const auto& one) { return known.check(one, *signature); }, signer);
      if (proof) return proof;
      note(name, proof.error());
    }
  }
  return fail(all_unsupported ? Errc::unsupported : Errc::integrity, "no acceptable signature of {}: {}",
              digests.front().to_string(), list_reasons(reasons));
}

}  // namespace schedkit
