// Writing an OCI image layout directory (image-spec, image-layout.md). A reader sees the old index or the new one and
// never a part of a blob.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/image/digest.h"
#include "core/image/json.h"
#include "core/image/limits.h"

namespace schedkit {

// The annotation of an index entry that holds its tag.
constexpr const char* ref_name_key = "org.opencontainers.image.ref.name";

class WritableLayout {
 public:
  // Makes `path` a layout unless it is one. `mode` of directories; files get the same without execution.
  static Result<WritableLayout> open(const std::string& path, mode_t mode = 0755);

  // Stores `bytes`; returns their descriptor.
  Result<Json> blob(std::string_view bytes, std::string_view media_type) const;

  std::string blob_path(const Digest& digest) const { return path_ + "/blobs/" + digest.algorithm + "/" + digest.hex; }

  // index.json as it is, checked; an empty index when there is none.
  Result<Json> index(const ImageLimits& limits = {}) const;

  // Replaces index.json.
  Result<void> write_index(const Json& index) const;

 private:
  WritableLayout(std::string path, mode_t mode) : path_(std::move(path)), mode_(mode) {}

  std::string path_;
  mode_t mode_;
};

// `entry`'s annotation `key`, "" when it has none.
std::string annotation_of(const Json& entry, const char* key);

// As text; Errc::invalid for what is not valid UTF-8.
Result<std::string> dump_json(const Json& json);

}  // namespace schedkit
