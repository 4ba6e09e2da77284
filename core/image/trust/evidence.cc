#include "core/image/trust/evidence.h"

#include <utility>

#include "core/image/json.h"
#include "core/image/trust/base64.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_evidence = 16u << 20;
constexpr std::uint64_t version = 2;
constexpr const char* by_policy = "trust-policy";
constexpr const char* by_person = "allow-unsigned";

// Base64, so that whatever a registry sends has a size that is known before.
Json json_of(const SignatureMaterial& material) {
  Json json{{"simple", Json::array()}, {"bundles", Json::array()}};
  for (const SimpleSignature& simple : material.simple) {
    json["simple"].push_back({{"payload", encode_base64(simple.payload)}, {"annotations", simple.annotations}});
  }
  for (const std::string& bundle : material.bundles) json["bundles"].push_back(encode_base64(bundle));
  return json;
}

Result<SignatureMaterial> material_of(const Json& json) {
  JsonFields fields(json, "material");
  SignatureMaterial material;
  for (const std::string& bundle : fields.texts("bundles")) {
    auto bytes = decode_base64(bundle);
    if (!bytes) return fail(std::move(bytes.error()));
    material.bundles.push_back(std::move(*bytes));
  }
  for (const Json& item : fields.array("simple")) {
    JsonFields signature(item, "signature");
    auto payload = decode_base64(signature.text("payload"));
    SimpleSignature simple{.payload = payload.value_or(""), .annotations = signature.text_map("annotations")};
    if (auto done = signature.done(); !done) return fail(std::move(done.error()));
    if (!payload) return fail(std::move(payload.error()));
    material.simple.push_back(std::move(simple));
  }
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  return material;
}

Result<Evidence> read(std::string_view text) {
  auto json = parse_json(text, largest_evidence);
  if (!json) return fail(std::move(json.error()));
  JsonFields fields(*json, "evidence");
  const std::uint64_t found = fields.required_unsigned("version");
  const std::string rule = fields.required_text("rule");
  Evidence evidence;
  evidence.policy_file = fields.text("trustPolicy");
  evidence.unsigned_allowed = rule == by_person;
  const Json& kept = fields.object("material");
  const Json& verdict = fields.object("record");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (found != version) return fail(Errc::invalid, "version {} is not {}", found, version);
  if (rule != by_policy && rule != by_person) return fail(Errc::invalid, "its rule is unknown");
  auto material = material_of(kept);
  if (!material) return fail(std::move(material.error()));
  evidence.material = std::move(*material);
  auto record = parse_trust_record(verdict.dump());
  if (!record) return fail(std::move(record.error()));
  evidence.record = std::move(*record);
  return evidence;
}

}  // namespace

std::string write_evidence(const Evidence& evidence) {
  Json json{{"version", version},
            {"rule", evidence.unsigned_allowed ? by_person : by_policy},
            {"record", Json::parse(write_trust_record(evidence.record), nullptr, false)},
            {"material", json_of(evidence.material)}};
  if (!evidence.policy_file.empty()) json["trustPolicy"] = evidence.policy_file;
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Evidence> parse_evidence(std::string_view json) {
  auto evidence = read(json);
  if (evidence) return evidence;
  Error error = with_context(std::move(evidence.error()), "what was kept of its admission is damaged");
  error.code = Errc::integrity;
  return fail(std::move(error));
}

}  // namespace schedkit
