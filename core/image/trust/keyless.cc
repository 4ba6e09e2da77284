#include "core/image/trust/keyless.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/text.h"
#include "core/image/trust/certificate_timestamp.h"
#include "core/image/trust/entry_body.h"
#include "core/image/trust/hash.h"
#include "core/image/trust/trust_step.h"

namespace schedkit {
namespace {

std::string_view without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

const TrustedLog* log_of(const LogEntry& entry, const std::vector<const TrustedLog*>& logs) {
  const auto found = std::ranges::find(logs, entry.log_id, &TrustedLog::id);
  return found == logs.end() ? nullptr : *found;
}

Result<void> verify_proof(const LogEntry& entry, const TrustedLog& log, bool required) {
  if (!entry.proof) {
    if (!required) return {};
    return fail_step(TrustStep::inclusion, {Errc::integrity, "the bundle holds none", {}});
  }
  if (auto included = verify_inclusion(entry); !included) {
    return fail_step(TrustStep::inclusion, std::move(included.error()));
  }
  if (auto signed_root = verify_checkpoint(*entry.proof, log); !signed_root) {
    return fail_step(TrustStep::checkpoint, std::move(signed_root.error()));
  }
  return {};
}

Result<void> verify_entry(const LogEntry& entry, const TrustedLog& log, const ImageSignature& signature,
                          std::string_view key) {
  if (!log.valid_for.covers(entry.integrated_time)) {
    return fail_step(TrustStep::log, {Errc::integrity, "the log was not valid when the entry was made", {}});
  }
  if (auto promised = verify_entry_timestamp(entry, log); !promised) {
    return fail_step(TrustStep::entry_timestamp, std::move(promised.error()));
  }
  if (auto proven = verify_proof(entry, log, signature.proof_required); !proven) return proven;
  if (auto bound = require_bound(entry, signature, key); !bound) {
    return fail_step(TrustStep::binding, std::move(bound.error()));
  }
  return {};
}

Result<void> refuse_duplicates(const std::vector<LogEntry>& entries) {
  std::set<std::pair<std::string_view, std::uint64_t>> seen;
  for (const LogEntry& entry : entries) {
    if (!seen.emplace(entry.log_id, entry.log_index).second) {
      return fail_step(TrustStep::log, {Errc::integrity, "an entry occurs twice", {}});
    }
  }
  return {};
}

tl::unexpected<Error> no_entry(const std::vector<LogEntry>& entries) {
  if (entries.empty()) return fail_step(TrustStep::log, {Errc::integrity, "the signature has no log entry", {}});
  if (std::ranges::all_of(entries, is_rekor_v2)) {
    return fail_step(TrustStep::log, {Errc::unsupported, "unsupported transparency log version (Rekor v2)", {}});
  }
  return fail_step(TrustStep::log, {Errc::integrity, "no entry is of a log that the trusted root knows", {}});
}

struct ProvenCertificate {
  PublicKey key;
  SignerIdentity signer;
};

// Authorities succeed each other: the first error is only shown when none of those valid then fits.
Result<void> verify_authority(const Certificate& leaf, const TrustedRoot& root, std::int64_t time) {
  Error chain_error{Errc::integrity, "no authority of the trusted root was valid then", {}};
  for (const TrustedAuthority& authority : root.authorities) {
    if (!authority.valid_for.covers(time)) continue;
    auto issuer = verify_chain(leaf, authority.chain, time);
    if (!issuer) {
      chain_error = std::move(issuer.error());
      continue;
    }
    auto logged = verify_certificate_timestamp(leaf, **issuer, root.certificate_logs, time);
    if (!logged) return fail_step(TrustStep::certificate_log, std::move(logged.error()));
    return {};
  }
  return fail_step(TrustStep::chain, std::move(chain_error));
}

Result<ProvenCertificate> verify_certificate(const std::string& der, const TrustedRoot& root, std::int64_t time) {
  auto leaf = Certificate::from_der(der);
  if (!leaf) return fail_step(TrustStep::chain, std::move(leaf.error()));
  if (auto verified = verify_authority(*leaf, root, time); !verified) return fail(std::move(verified.error()));
  auto key = leaf->public_key();
  if (!key) return fail_step(TrustStep::signature, std::move(key.error()));
  auto subject = leaf->subject();
  if (!subject) return fail_step(TrustStep::identity, std::move(subject.error()));
  auto issuer = leaf->issuer();
  if (!issuer) return fail_step(TrustStep::identity, std::move(issuer.error()));
  return ProvenCertificate{std::move(*key), {std::move(*issuer), std::move(*subject)}};
}

}  // namespace

std::vector<const TrustedLog*> logs_at(const TrustedRoot& root, std::string_view log_url) {
  std::vector<const TrustedLog*> logs;
  for (const TrustedLog& log : root.logs) {
    if (log_url.empty() || without_slash(log.url) == without_slash(log_url)) logs.push_back(&log);
  }
  return logs;
}

Result<ProvenEntry> verify_entries(const ImageSignature& signature, const std::vector<const TrustedLog*>& logs,
                                   std::string_view key) {
  if (auto distinct = refuse_duplicates(signature.entries); !distinct) return fail(std::move(distinct.error()));
  const LogEntry* first = nullptr;
  for (const LogEntry& entry : signature.entries) {
    const TrustedLog* log = log_of(entry, logs);
    if (log == nullptr || is_rekor_v2(entry)) continue;
    if (auto verified = verify_entry(entry, *log, signature, key); !verified) return fail(std::move(verified.error()));
    if (first == nullptr) first = &entry;
  }
  if (first == nullptr) return no_entry(signature.entries);
  return ProvenEntry{hex_of(first->log_id), first->log_index, first->integrated_time};
}

Result<KeylessProof> verify_keyless(const ImageSignature& signature, const TrustedRoot& root,
                                    std::string_view log_url) {
  if (signature.certificate.empty()) {
    return fail(Errc::integrity, "it was made with a key, and holds no certificate");
  }
  auto entry = verify_entries(signature, logs_at(root, log_url), "");
  if (!entry) return fail(std::move(entry.error()));
  auto certificate = verify_certificate(signature.certificate, root, entry->time);
  if (!certificate) return fail(std::move(certificate.error()));
  if (auto verified = signature.verify(certificate->key); !verified) {
    return fail_step(TrustStep::signature, std::move(verified.error()));
  }
  return KeylessProof{std::move(certificate->signer), std::move(*entry)};
}

}  // namespace schedkit
