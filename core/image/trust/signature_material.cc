#include "core/image/trust/signature_material.h"

#include <algorithm>
#include <utility>

#include "core/base/text.h"
#include "core/image/json.h"
#include "core/image/trust/bundle.h"

namespace schedkit {
namespace {

constexpr std::size_t largest_document = 4u << 20;

Result<Descriptor> parse_entry(const Json& json) {
  JsonFields fields(json, "descriptor");
  Descriptor entry;
  entry.media_type = fields.text("mediaType");
  entry.size = fields.required_unsigned("size");
  entry.annotations = fields.text_map("annotations");
  entry.artifact_type = fields.text("artifactType");
  auto digest = parse_digest(fields.required_text("digest"));
  if (auto read = fields.done(); !read) return fail(std::move(read.error()));
  if (!digest) return fail(std::move(digest.error()));
  entry.digest = std::move(*digest);
  return entry;
}

Result<std::vector<Descriptor>> parse_entries(const Json& document, const char* key, std::size_t most) {
  JsonFields fields(document, "document");
  std::vector<Descriptor> entries;
  for (const Json& json : fields.array(key)) {
    if (entries.size() == most) break;
    auto entry = parse_entry(json);
    if (!entry) return fail(std::move(entry.error()));
    entries.push_back(std::move(*entry));
  }
  if (auto read = fields.done(); !read) return fail(std::move(read.error()));
  return entries;
}

}  // namespace

std::string signature_tag(const Digest& digest) { return digest.algorithm + "-" + digest.hex + ".sig"; }

std::string referrers_tag(const Digest& digest) {
  return digest.algorithm.substr(0, 32) + "-" + digest.hex.substr(0, 64);
}

Result<std::vector<Descriptor>> simple_signature_blobs(std::string_view manifest) {
  auto json = parse_json(manifest, largest_document);
  if (!json) return fail(with_context(std::move(json.error()), "signature manifest"));
  auto layers = parse_entries(*json, "layers", most_simple_signatures);
  if (!layers) return fail(with_context(std::move(layers.error()), "signature manifest"));
  std::erase_if(*layers, [](const Descriptor& entry) {
    return entry.media_type != simple_signing_type || entry.size > largest_payload;
  });
  return layers;
}

Result<std::vector<Descriptor>> referrers_to_fetch(std::string_view index) {
  auto json = parse_json(index, largest_document);
  if (!json) return fail(with_context(std::move(json.error()), "referrers"));
  auto entries = parse_entries(*json, "manifests", largest_document);
  if (!entries) return fail(with_context(std::move(entries.error()), "referrers"));
  return referrers_to_fetch(std::move(*entries));
}

std::vector<Descriptor> referrers_to_fetch(std::vector<Descriptor> listed) {
  std::ranges::stable_partition(listed, [](const Descriptor& one) { return is_bundle_type(one.artifact_type); });
  if (listed.size() > most_referrers) listed.resize(most_referrers);
  return listed;
}

Result<std::optional<Descriptor>> bundle_blob(std::string_view manifest, const Digest& digest) {
  auto json = parse_json(manifest, largest_document);
  if (!json) return fail(with_context(std::move(json.error()), "referrer"));
  JsonFields fields(*json, "referrer");
  const Json& subject = fields.object("subject");
  if (auto read = fields.done(); !read) return fail(std::move(read.error()));
  auto named = parse_entry(subject);
  if (!named || named->digest != digest) {
    return fail(Errc::integrity, "referrer: its subject is not {}", digest.to_string());
  }
  auto layers = parse_entries(*json, "layers", 2);
  if (!layers) return fail(with_context(std::move(layers.error()), "referrer"));
  if (layers->size() != 1 || !is_bundle_type(layers->front().media_type)) return std::nullopt;
  if (layers->front().size > largest_bundle) {
    return fail(Errc::limit, "referrer: a bundle larger than {}", format_size(largest_bundle));
  }
  return std::move(layers->front());
}

}  // namespace schedkit
