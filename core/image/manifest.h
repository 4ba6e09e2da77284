// The three documents of an image (image-spec 1.1: image-index.md, manifest.md, config.md) and Docker's equivalents.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/limits.h"
#include "core/image/platform.h"

namespace schedkit {

enum class Compression { none, gzip, zstd };

// How the media type of a layer says it is compressed. `certain` is false for Docker's types, whose writers are sloppy:
// there the first bytes of the data decide.
struct LayerType {
  Compression compression = Compression::none;
  bool certain = true;

  bool operator==(const LayerType&) const = default;
};

struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size = 0;
  std::map<std::string, std::string> annotations;
  std::optional<Platform> platform;
  std::string artifact_type = {};  // of an index's entry

  bool operator==(const Descriptor&) const = default;
};

struct Index {
  std::vector<Descriptor> manifests;
  std::map<std::string, std::string> annotations;
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;
  std::map<std::string, std::string> annotations;
};

struct ImageConfig {
  Platform platform;
  std::string created;           // as written: RFC 3339, or "" when missing
  std::vector<Digest> diff_ids;  // of the uncompressed layers, lowest first
  std::string user;
  std::vector<std::string> env;
  std::vector<std::string> entrypoint;
  std::vector<std::string> command;
  std::string working_directory;
  std::string stop_signal;
  std::map<std::string, std::string> labels;
};

using Document = std::variant<Index, Manifest>;

bool is_index_type(std::string_view media_type);
bool is_manifest_type(std::string_view media_type);

// Errc::unsupported for types we do not unpack, among them the non-distributable ones.
Result<LayerType> layer_type(std::string_view media_type);

enum class DocumentKind { index, manifest };

// Which of the two `text` is, whatever artifact it describes: schemaVersion 2, a type that agrees with the content and
// with `media_type` (see below), not readable as the other kind.
Result<DocumentKind> check_document(std::string_view text, std::string_view media_type, const ImageLimits& limits);

// `media_type`: what the descriptor or the Content-Type says; it must fit the document's own, and the document must not
// be readable as the other kind (CVE-2021-41190). "" where nobody said (index.json): then the content decides.
Result<Document> parse_document(std::string_view text, std::string_view media_type, const ImageLimits& limits);

Result<ImageConfig> parse_config(std::string_view text, const ImageLimits& limits);

// The entry for `host`: a manifest with the highest variant that runs (the first of equals), else a nested index that
// may hold one. Attestations and other artifacts are passed over. Errc::unsupported lists what there is instead.
Result<Descriptor> choose_entry(const std::vector<Descriptor>& entries, const Platform& host);

}  // namespace schedkit
