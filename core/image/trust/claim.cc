#include "core/image/trust/claim.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/text.h"
#include "core/image/json.h"
#include "core/image/trust/hash.h"

namespace schedkit {
namespace {

using Match = IdentityRule::Match;

constexpr std::string_view simple_type = "cosign container image signature";
constexpr std::string_view statement_type = "https://in-toto.io/Statement/v1";
constexpr std::string_view signing_predicate = "https://sigstore.dev/cosign/sign/v1";
constexpr std::string_view envelope_type = "application/vnd.in-toto+json";
constexpr std::size_t most_subjects = 1024;

bool only_keys(const Json& object, std::initializer_list<std::string_view> keys) {
  return std::ranges::all_of(object.items(), [&](const auto& item) {
    return std::ranges::find(keys, std::string_view(item.key())) != keys.end();
  });
}

Result<Claim> about(const std::vector<Digest>& digests, std::string_view digest, std::optional<std::string> name) {
  for (const Digest& wanted : digests) {
    if (wanted.to_string() == digest) return Claim{wanted, std::move(name)};
  }
  return fail(Errc::integrity, "it signs {}", quote(digest, 80));
}

// Strict: what another reader might take to mean something else is refused (containers/image does the same).
Result<Claim> read_simple(const std::string& payload, const std::vector<Digest>& digests) {
  auto json = parse_json(payload, largest_payload);
  if (!json) return fail(std::move(json.error()));
  JsonFields fields(*json, "payload");
  const Json& critical = fields.object("critical");
  JsonFields critical_fields(critical, "critical");
  const Json& identity = critical_fields.object("identity");
  const Json& image = critical_fields.object("image");
  const std::string type = critical_fields.required_text("type");
  JsonFields identity_fields(identity, "identity");
  JsonFields image_fields(image, "image");
  std::string name = identity_fields.text("docker-reference");
  const std::string digest = image_fields.required_text("docker-manifest-digest");
  (void)fields.object("optional");
  for (const JsonFields* read : {&fields, &critical_fields, &identity_fields, &image_fields}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  const bool plain = only_keys(*json, {"critical", "optional"}) && only_keys(critical, {"type", "image", "identity"}) &&
                     only_keys(identity, {"docker-reference"}) && only_keys(image, {"docker-manifest-digest"});
  if (!plain) return fail(Errc::integrity, "the payload holds unknown members");
  if (type != simple_type) return fail(Errc::unsupported, "the payload's type is {}", quote(type, 64));
  return about(digests, digest, std::move(name));
}

// A subject may list several digests; one of ours has to be among them.
std::optional<Digest> named_in(const Json& subject, const std::vector<Digest>& digests) {
  JsonFields fields(subject, "subject");
  const auto named = fields.text_map("digest");
  if (!fields.done()) return std::nullopt;
  for (const Digest& wanted : digests) {
    const auto found = named.find(wanted.algorithm);
    if (found != named.end() && found->second == wanted.hex) return wanted;
  }
  return std::nullopt;
}

// in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md).
Result<Claim> read_statement(const ImageSignature& signature, const std::vector<Digest>& digests) {
  if (signature.payload_type != envelope_type) {
    return fail(Errc::unsupported, "the envelope's type is {}", quote(signature.payload_type, 64));
  }
  auto json = parse_json(signature.payload, largest_bundle);
  if (!json) return fail(std::move(json.error()));
  JsonFields fields(*json, "statement");
  const std::string type = fields.required_text("_type");
  const std::string predicate = fields.required_text("predicateType");
  const Json& subjects = fields.array("subject");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (type != statement_type || predicate != signing_predicate) {
    return fail(Errc::unsupported, "it is no signature of an image but an attestation ({})", quote(predicate, 80));
  }
  if (subjects.size() > most_subjects) return fail(Errc::limit, "more than {} subjects", most_subjects);
  for (const Json& subject : subjects) {
    if (auto digest = named_in(subject, digests)) return Claim{std::move(*digest), std::nullopt};
  }
  return fail(Errc::integrity, "it signs another image");
}

Result<Claim> read_digest(const std::string& sha256, const std::vector<Digest>& digests) {
  return about(digests, "sha256:" + hex_of(sha256), std::nullopt);
}

std::string repository_of(const Reference& reference) { return reference.domain + "/" + reference.path; }

// `text` is the name as it was signed: without a tag it means none, where a Reference would say "latest".
bool name_fits(const IdentityRule& rule, const Reference& image, const std::string& text) {
  const auto name = parse_reference(text);
  if (!name) return false;
  const bool same_repository = repository_of(*name) == repository_of(image);
  const bool same_tag = !image.tag.empty() && text.ends_with(":" + image.tag);
  switch (rule.match) {
    case Match::any: return true;
    case Match::repository: return same_repository;
    case Match::exact: return same_repository && same_tag;
    case Match::exact_or_digest: return same_repository && (image.digest.has_value() || same_tag);
    case Match::named_repository: return repository_of(*name) == rule.name;
    case Match::named_reference: return name->to_string() == rule.name;
  }
  return false;
}

}  // namespace

Result<Claim> read_claim(const ImageSignature& signature, const std::vector<Digest>& digests) {
  switch (signature.format) {
    case ImageSignature::Format::simple_signing: return read_simple(signature.payload, digests);
    case ImageSignature::Format::envelope: return read_statement(signature, digests);
    case ImageSignature::Format::digest: return read_digest(signature.payload, digests);
  }
  return fail(Errc::unsupported, "an unknown format");
}

Result<void> require_name(const Claim& claim, const IdentityRule& rule, const Reference& image) {
  if (rule.match == Match::any) return {};
  if (!claim.name) {
    if (rule.match == Match::repository) return {};
    return fail(Errc::integrity, "it names no repository, and the policy asks for one");
  }
  if (name_fits(rule, image, *claim.name)) return {};
  return fail(Errc::integrity, "it signs the name {}, not {}", quote(*claim.name),
              rule.name.empty() ? image.to_string() : rule.name);
}

}  // namespace schedkit
