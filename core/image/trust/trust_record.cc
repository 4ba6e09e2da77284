#include "core/image/trust/trust_record.h"

#include <utility>

#include "core/image/json.h"
#include "core/image/trust/proto_fields.h"
#include "core/image/trust/rfc3339.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_record = 1u << 20;

void put(Json& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

Json json_of(const TrustProof& proof) {
  Json json{{"requirement", proof.requirement}};
  put(json, "format", proof.format);
  put(json, "digest", proof.digest);
  put(json, "key", proof.key);
  put(json, "keyId", proof.key_id);
  put(json, "issuer", proof.issuer);
  put(json, "subject", proof.subject);
  if (proof.log_id.empty()) return json;
  json["log"] = {{"id", proof.log_id}, {"index", proof.log_index}, {"time", format_rfc3339(proof.log_time)}};
  return json;
}

Json json_of(const ImageAge& age) {
  Json json = Json::object();
  put(json, "version", age.version);
  if (age.created) json["created"] = format_rfc3339(*age.created);
  if (age.signed_at) json["signedAt"] = format_rfc3339(*age.signed_at);
  return json;
}

// Nothing when the member is missing.
Result<std::optional<std::int64_t>> time_of(JsonFields& fields, const char* key) {
  const std::string text = fields.text(key);
  if (text.empty()) return std::nullopt;
  auto time = parse_rfc3339(text);
  if (!time) return fail(std::move(time.error()));
  return *time;
}

Result<TrustProof> proof_of(const Json& json) {
  JsonFields fields(json, "proof");
  TrustProof proof{.requirement = fields.required_text("requirement"),
                   .format = fields.text("format"),
                   .digest = fields.text("digest"),
                   .key = fields.text("key"),
                   .key_id = fields.text("keyId"),
                   .issuer = fields.text("issuer"),
                   .subject = fields.text("subject")};
  if (fields.has("log")) {
    JsonFields log(fields.object("log"), "log");
    ProtoFields numbers(fields.object("log"), "log");
    proof.log_id = log.required_text("id");
    proof.log_index = numbers.unsigned_number("index");
    auto time = time_of(log, "time");
    if (!time) return fail(std::move(time.error()));
    proof.log_time = time->value_or(0);
    if (auto done = log.done(); !done) return fail(std::move(done.error()));
    if (auto done = numbers.done(); !done) return fail(std::move(done.error()));
  }
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return proof;
}

Result<ImageAge> age_of(const Json& json) {
  JsonFields fields(json, "age");
  ImageAge age;
  age.version = fields.text("version");
  auto created = time_of(fields, "created");
  if (!created) return fail(std::move(created.error()));
  auto signed_at = time_of(fields, "signedAt");
  if (!signed_at) return fail(std::move(signed_at.error()));
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  age.created = *created;
  age.signed_at = *signed_at;
  return age;
}

}  // namespace

std::string write_trust_record(const TrustRecord& record) {
  Json json{{"reference", record.reference},
            {"digest", record.digest},
            {"policy", record.policy},
            {"scope", record.scope},
            {"verifiedAt", format_rfc3339(record.verified_at)},
            {"age", json_of(record.age)},
            {"proofs", Json::array()}};
  put(json, "platform", record.platform);
  for (const TrustProof& proof : record.proofs) json["proofs"].push_back(json_of(proof));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<TrustRecord> parse_trust_record(std::string_view json) {
  auto document = parse_json(json, largest_record);
  if (!document) return fail(with_context(std::move(document.error()), "trust record"));
  JsonFields fields(*document, "trust record");
  TrustRecord record{.reference = fields.required_text("reference"),
                     .digest = fields.required_text("digest"),
                     .platform = fields.text("platform"),
                     .policy = fields.text("policy"),
                     .scope = fields.text("scope")};
  for (const Json& item : fields.array("proofs")) {
    auto proof = proof_of(item);
    if (!proof) return fail(with_context(std::move(proof.error()), "trust record"));
    record.proofs.push_back(std::move(*proof));
  }
  auto verified_at = time_of(fields, "verifiedAt");
  if (!verified_at) return fail(with_context(std::move(verified_at.error()), "trust record"));
  record.verified_at = verified_at->value_or(0);
  auto age = age_of(fields.object("age"));
  if (!age) return fail(with_context(std::move(age.error()), "trust record"));
  record.age = std::move(*age);
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return record;
}

std::string describe(const TrustProof& proof) {
  if (!proof.issuer.empty()) return fmt::format("signed by {} (says {})", proof.subject, proof.issuer);
  if (!proof.key_id.empty()) {
    const std::string id = "sha256:" + proof.key_id.substr(0, 16);
    return proof.key.empty() ? fmt::format("signed by key {}", id)
                             : fmt::format("signed by key {} ({})", proof.key, id);
  }
  if (proof.requirement == "digest-pin") return "pinned to its digest";
  if (proof.requirement == "root-owned-layout") return "in a layout that only root can write";
  if (proof.requirement == allow_unsigned) return "taken unsigned on somebody's own account (--allow-unsigned)";
  return "accepted unsigned (insecure-accept-anything)";
}

}  // namespace schedkit
