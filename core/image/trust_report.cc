#include "core/image/trust_report.h"

#include <nlohmann/json.hpp>

#include "core/image/trust/rfc3339.h"

namespace schedkit {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr std::string_view to_string(TrustReport::From from) {
  switch (from) {
    case TrustReport::From::store: return "store";
    case TrustReport::From::registry: return "registry";
    case TrustReport::From::layout: return "layout";
  }
  return "unknown";
}

void put(Ordered& json, const char* key, const std::string& value) {
  if (!value.empty()) json[key] = value;
}

Ordered json_of(const TrustProof& proof) {
  Ordered json{{"requirement", proof.requirement}, {"text", describe(proof)}};
  put(json, "format", proof.format);
  put(json, "digest", proof.digest);
  put(json, "key", proof.key);
  put(json, "key_id", proof.key_id);
  put(json, "issuer", proof.issuer);
  put(json, "subject", proof.subject);
  if (!proof.log_id.empty()) {
    json["log"] = {{"id", proof.log_id}, {"index", proof.log_index}, {"time", format_rfc3339(proof.log_time)}};
  }
  return json;
}

void put_record(Ordered& json, const TrustRecord& record) {
  put(json, "platform_digest", record.platform);
  put(json, "policy", record.policy);
  json["scope"] = record.scope;
  if (record.verified_at > 0) json["verified_at"] = format_rfc3339(record.verified_at);
  put(json, "version", record.age.version);
  if (record.age.created) json["created"] = format_rfc3339(*record.age.created);
  if (record.age.signed_at) json["signed_at"] = format_rfc3339(*record.age.signed_at);
  json["proofs"] = Ordered::array();
  for (const TrustProof& proof : record.proofs) json["proofs"].push_back(json_of(proof));
}

}  // namespace

std::string write_trust_report(const TrustReport& report) {
  const bool trusted = report.refusal.empty();
  Ordered json{
      {"schema_version", "1"}, {"reference", report.reference}, {"trusted", trusted}, {"from", to_string(report.from)}};
  put(json, "digest", report.digest.empty() && trusted ? report.record.digest : report.digest);
  put(json, "reason", report.refusal);
  if (trusted) put_record(json, report.record);
  return json.dump(2, ' ', true, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace schedkit
