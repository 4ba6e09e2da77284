#include "core/image/trust/trusted_root.h"

#include <utility>

#include "core/base/text.h"
#include "core/image/json.h"
#include "core/image/trust/base64.h"
#include "core/image/trust/hash.h"
#include "core/image/trust/rfc3339.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_root = 1u << 20;
constexpr std::string_view media_type_start = "application/vnd.dev.sigstore.trustedroot";

Result<ValidFor> parse_valid_for(const Json& json) {
  JsonFields fields(json, "validFor");
  ValidFor valid_for;
  for (const auto& [key, value] : {std::pair("start", &valid_for.start), std::pair("end", &valid_for.end)}) {
    const std::string text = fields.text(key);
    if (text.empty()) continue;
    auto time = parse_rfc3339(text);
    if (!time) return fail(std::move(time.error()));
    *value = *time;
  }
  if (auto read = fields.done(); !read) return fail(std::move(read.error()));
  return valid_for;
}

Result<void> add_log(const Json& json, std::vector<TrustedLog>& logs) {
  JsonFields fields(json, "log");
  JsonFields key_fields(fields.object("publicKey"), "publicKey");
  JsonFields id_fields(fields.object("logId"), "logId");
  const std::string url = fields.text("baseUrl");
  auto der = decode_base64(key_fields.required_text("rawBytes"));
  const std::string key_id = id_fields.required_text("keyId");
  auto valid_for = parse_valid_for(key_fields.object("validFor"));
  for (const JsonFields* read : {&fields, &key_fields, &id_fields}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  if (!der) return fail(with_context(std::move(der.error()), "publicKey"));
  if (!valid_for) return fail(std::move(valid_for.error()));
  auto key = PublicKey::from_der(*der);
  if (!key && key.error().code == Errc::unsupported) return {};
  if (!key) return fail(std::move(key.error()));
  auto log = make_log(std::move(*key), url);
  if (!log) return fail(std::move(log.error()));
  log->valid_for = *valid_for;
  // Rekor v2 names its logs by a hash over name and key; its entries are not read anyway.
  if (encode_base64(log->id) == key_id) logs.push_back(std::move(*log));
  return {};
}

Result<TrustedAuthority> parse_authority(const Json& json) {
  JsonFields fields(json, "certificate authority");
  JsonFields chain(fields.object("certChain"), "certChain");
  auto valid_for = parse_valid_for(fields.object("validFor"));
  if (!valid_for) return fail(std::move(valid_for.error()));
  TrustedAuthority authority;
  authority.valid_for = *valid_for;
  for (const Json& item : chain.array("certificates")) {
    JsonFields certificate_fields(item, "certificate");
    auto der = decode_base64(certificate_fields.required_text("rawBytes"));
    if (auto done = certificate_fields.done(); !done) return fail(std::move(done.error()));
    if (!der) return fail(with_context(std::move(der.error()), "certificate"));
    auto certificate = Certificate::from_der(*der);
    if (!certificate) return fail(std::move(certificate.error()));
    authority.chain.push_back(std::move(*certificate));
  }
  for (const JsonFields* read : {&fields, &chain}) {
    if (auto done = read->done(); !done) return fail(std::move(done.error()));
  }
  if (authority.chain.empty()) return fail(Errc::invalid, "a certificate authority without certificates");
  return authority;
}

Result<TrustedRoot> parse(const Json& json) {
  JsonFields fields(json, "trusted root");
  const std::string type = fields.required_text("mediaType");
  TrustedRoot root;
  for (const auto& [key, logs] : {std::pair("tlogs", &root.logs), std::pair("ctlogs", &root.certificate_logs)}) {
    for (const Json& log : fields.array(key)) {
      if (auto added = add_log(log, *logs); !added) return fail(with_context(std::move(added.error()), key));
    }
  }
  for (const Json& item : fields.array("certificateAuthorities")) {
    auto authority = parse_authority(item);
    if (!authority) return fail(std::move(authority.error()));
    root.authorities.push_back(std::move(*authority));
  }
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (!type.starts_with(media_type_start)) {
    return fail(Errc::unsupported, "the media type is {}, not {}…", quote(type), media_type_start);
  }
  return root;
}

}  // namespace

Result<TrustedLog> make_log(PublicKey key, std::string url) {
  auto id = sha256(key.der());
  if (!id) return fail(std::move(id.error()));
  return TrustedLog{std::move(url), std::move(key), std::move(*id), {}};
}

Result<TrustedRoot> parse_trusted_root(std::string_view json) {
  auto document = parse_json(json, largest_root);
  if (!document) return fail(std::move(document.error()));
  return parse(*document);
}

}  // namespace schedkit
