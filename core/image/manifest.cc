#include "core/image/manifest.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/text.h"
#include "core/image/json.h"

namespace schedkit {
namespace {

constexpr std::string_view oci_index = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view oci_manifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view oci_config = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view docker_config = "application/vnd.docker.container.image.v1+json";

struct KnownLayer {
  std::string_view media_type;
  LayerType type;
};
constexpr std::array<KnownLayer, 6> known_layers{{
    {"application/vnd.oci.image.layer.v1.tar", {Compression::none, true}},
    {"application/vnd.oci.image.layer.v1.tar+gzip", {Compression::gzip, true}},
    {"application/vnd.oci.image.layer.v1.tar+zstd", {Compression::zstd, true}},
    {"application/vnd.docker.image.rootfs.diff.tar", {Compression::none, false}},
    {"application/vnd.docker.image.rootfs.diff.tar.gzip", {Compression::gzip, false}},
    {"application/vnd.docker.image.rootfs.diff.tar.zstd", {Compression::zstd, false}},
}};

Platform parse_platform(const Json& json, JsonFields& owner) {
  JsonFields fields(json, "platform");
  Platform platform{fields.text("os"), fields.text("architecture"), fields.text("variant")};
  if (auto done = fields.done(); !done) owner.refuse(done.error());
  return platform;
}

Result<Descriptor> parse_descriptor(const Json& json, std::string what, std::uint64_t limit) {
  JsonFields fields(json, what);
  Descriptor descriptor;
  descriptor.media_type = fields.required_text("mediaType");
  descriptor.size = fields.required_unsigned("size");
  descriptor.annotations = fields.text_map("annotations");
  descriptor.artifact_type = fields.text("artifactType");
  if (fields.has("platform")) descriptor.platform = parse_platform(fields.object("platform"), fields);
  const std::string digest_text = fields.required_text("digest");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  auto digest = parse_digest(digest_text);
  if (!digest) return fail(with_context(std::move(digest.error()), what));
  descriptor.digest = std::move(*digest);
  if (descriptor.size > limit) {
    return fail(Errc::limit, "{}: {} is larger than the {} allowed", what, format_size(descriptor.size),
                format_size(limit));
  }
  return descriptor;
}

Result<std::vector<Descriptor>> parse_descriptors(const Json& list, std::string_view what, std::uint64_t limit) {
  std::vector<Descriptor> descriptors;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto descriptor = parse_descriptor(list[i], fmt::format("{} {}", what, i + 1), limit);
    if (!descriptor) return fail(std::move(descriptor.error()));
    descriptors.push_back(std::move(*descriptor));
  }
  return descriptors;
}

Result<Document> parse_index(const Json& json, const ImageLimits& limits) {
  JsonFields fields(json, "image index");
  Index index;
  index.annotations = fields.text_map("annotations");
  const Json& list = fields.array("manifests");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  // An entry may be any artifact; what we choose from it is held to document_bytes when it is read.
  auto manifests = parse_descriptors(list, "image index: entry", limits.compressed_bytes);
  if (!manifests) return fail(std::move(manifests.error()));
  index.manifests = std::move(*manifests);
  return index;
}

Result<void> check_layers(const Manifest& manifest, const ImageLimits& limits) {
  std::uint64_t total = 0;
  for (const Descriptor& layer : manifest.layers) {
    if (auto type = layer_type(layer.media_type); !type) return fail(std::move(type.error()));
    total += layer.size;
  }
  if (total <= limits.compressed_bytes) return {};
  return fail(Errc::limit, "image manifest: layers of {} exceed the {} allowed", format_size(total),
              format_size(limits.compressed_bytes));
}

Result<Document> parse_manifest(const Json& json, const ImageLimits& limits) {
  JsonFields fields(json, "image manifest");
  Manifest manifest;
  manifest.annotations = fields.text_map("annotations");
  const Json& config_json = fields.object("config");
  const Json& list = fields.array("layers");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (list.size() > limits.layers) {
    return fail(Errc::limit, "image manifest: {} layers, at most {} are allowed", list.size(), limits.layers);
  }
  auto config = parse_descriptor(config_json, "image manifest: config", limits.document_bytes);
  if (!config) return fail(std::move(config.error()));
  if (config->media_type != oci_config && config->media_type != docker_config) {
    return fail(Errc::unsupported, "image manifest: config of type {} is an artifact, not an image that can run",
                quote(config->media_type));
  }
  auto layers = parse_descriptors(list, "image manifest: layer", limits.blob_bytes);
  if (!layers) return fail(std::move(layers.error()));
  manifest.config = std::move(*config);
  manifest.layers = std::move(*layers);
  if (auto checked = check_layers(manifest, limits); !checked) return fail(std::move(checked.error()));
  return manifest;
}

Result<std::vector<Digest>> parse_diff_ids(const Json& rootfs) {
  JsonFields fields(rootfs, "image config: rootfs");
  const std::string type = fields.text("type");
  const std::vector<std::string> texts = fields.texts("diff_ids");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (type != "layers") return fail(Errc::invalid, "image config: rootfs type {} must be \"layers\"", quote(type));
  std::vector<Digest> ids;
  for (const std::string& text : texts) {
    auto id = parse_digest(text);
    if (!id) return fail(with_context(std::move(id.error()), "image config: diff_ids"));
    ids.push_back(std::move(*id));
  }
  return ids;
}

Result<DocumentKind> kind_of(const Json& json, std::string_view media_type) {
  JsonFields fields(json, "image manifest");
  const std::string own_type = fields.text("mediaType");
  const std::uint64_t version = fields.required_unsigned("schemaVersion");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (version != 2)
    return fail(Errc::unsupported, "image manifest: schemaVersion {} is not supported, only 2", version);
  if (!own_type.empty() && !media_type.empty() && own_type != media_type) {
    return fail(Errc::invalid, "image manifest: its mediaType {} is not the {} it was announced as", quote(own_type),
                quote(media_type));
  }
  const bool like_index = json.contains("manifests");
  const bool like_manifest = json.contains("config") || json.contains("layers") || json.contains("fsLayers");
  if (like_index && like_manifest) {
    return fail(Errc::invalid,
                "image manifest: holds \"manifests\" beside \"config\" or \"layers\"; it must be one kind");
  }
  const std::string_view type = media_type.empty() ? std::string_view(own_type) : media_type;
  if (!type.empty() && !is_index_type(type) && !is_manifest_type(type)) {
    return fail(Errc::unsupported, "documents of type {} are not supported", quote(type));
  }
  if (!type.empty() && is_index_type(type) == like_manifest) {
    return fail(Errc::invalid, "image manifest: the content is not of its type {}", quote(type));
  }
  return (type.empty() ? like_index : is_index_type(type)) ? DocumentKind::index : DocumentKind::manifest;
}

bool is_attestation(const Descriptor& entry) {
  const auto found = entry.annotations.find("vnd.docker.reference.type");
  if (found != entry.annotations.end() && found->second == "attestation-manifest") return true;
  return entry.platform && entry.platform->os == "unknown" && entry.platform->architecture == "unknown";
}

tl::unexpected<Error> no_entry(const std::vector<Descriptor>& entries, const Platform& host) {
  std::vector<std::string> there;
  for (const Descriptor& entry : entries) {
    if (entry.platform && !is_attestation(entry)) there.push_back(quote(entry.platform->to_string(), 40));
    if (there.size() == 8) break;
  }
  return fail(Errc::unsupported, "no image for {} in the index; it has {}", host.to_string(),
              there.empty() ? "none for a named platform" : join(there, ", "));
}

}  // namespace

bool is_index_type(std::string_view type) { return type == oci_index || type == docker_index; }
bool is_manifest_type(std::string_view type) { return type == oci_manifest || type == docker_manifest; }

Result<LayerType> layer_type(std::string_view media_type) {
  for (const KnownLayer& known : known_layers) {
    if (known.media_type == media_type) return known.type;
  }
  return fail(Errc::unsupported, "layers of type {} are not supported", quote(media_type));
}

Result<DocumentKind> check_document(std::string_view text, std::string_view media_type, const ImageLimits& limits) {
  auto json = parse_json(text, limits.document_bytes);
  if (!json) return fail(with_context(std::move(json.error()), "image manifest"));
  return kind_of(*json, media_type);
}

Result<Document> parse_document(std::string_view text, std::string_view media_type, const ImageLimits& limits) {
  auto json = parse_json(text, limits.document_bytes);
  if (!json) return fail(with_context(std::move(json.error()), "image manifest"));
  const auto kind = kind_of(*json, media_type);
  if (!kind) return fail(kind.error());
  return *kind == DocumentKind::index ? parse_index(*json, limits) : parse_manifest(*json, limits);
}

Result<ImageConfig> parse_config(std::string_view text, const ImageLimits& limits) {
  auto json = parse_json(text, limits.document_bytes);
  if (!json) return fail(with_context(std::move(json.error()), "image config"));
  JsonFields fields(*json, "image config");
  JsonFields run(fields.object("config"), "image config: config");
  ImageConfig config;
  config.platform = {fields.required_text("os"), fields.required_text("architecture"), fields.text("variant")};
  config.created = fields.text("created");
  config.user = run.text("User");
  config.env = run.texts("Env");
  config.entrypoint = run.texts("Entrypoint");
  config.command = run.texts("Cmd");
  config.working_directory = run.text("WorkingDir");
  config.stop_signal = run.text("StopSignal");
  config.labels = run.text_map("Labels");
  const Json& rootfs = fields.object("rootfs");
  if (auto done = fields.done(); !done) return fail(std::move(done.error()));
  if (auto done = run.done(); !done) return fail(std::move(done.error()));
  auto ids = parse_diff_ids(rootfs);
  if (!ids) return fail(std::move(ids.error()));
  config.diff_ids = std::move(*ids);
  return config;
}

Result<Descriptor> choose_entry(const std::vector<Descriptor>& entries, const Platform& host) {
  const Descriptor* best = nullptr;
  const Descriptor* nested = nullptr;
  int best_rank = -1;
  for (const Descriptor& entry : entries) {
    if (is_attestation(entry)) continue;
    // Without a platform the only entry is taken at its word; the config is checked later.
    const int rank = entry.platform ? platform_rank(*entry.platform, host) : entries.size() == 1 ? 0 : -1;
    if (is_manifest_type(entry.media_type) && rank > best_rank) {
      best = &entry;
      best_rank = rank;
    }
    if (is_index_type(entry.media_type) && nested == nullptr && (!entry.platform || rank >= 0)) nested = &entry;
  }
  if (best != nullptr) return *best;
  if (nested != nullptr) return *nested;
  return no_entry(entries, host);
}

}  // namespace schedkit
