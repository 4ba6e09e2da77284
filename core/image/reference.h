// Names of images: what registries and containers tools call a reference, and directories in the OCI image layout.
//   [domain "/"] path [":" tag] ["@" digest]      domain as in github.com/distribution/reference
//   oci:/absolute/path [":" tag] ["@" digest]     as skopeo writes it; the path holds no ':' or '@'
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/image/digest.h"

namespace schedkit {

struct Reference {
  enum class Kind { registry, layout };

  Kind kind = Kind::registry;
  std::string domain;            // registry only: host[:port], never empty
  std::string path;              // repository, or the layout's directory: absolute, without "." and ".."
  std::string tag;               // may be empty for a layout (then it must hold one image) or beside a digest
  std::optional<Digest> digest;  // when there is one it decides; the tag is only shown

  // Normalised; parsing it again gives an equal Reference.
  std::string to_string() const;

  bool operator==(const Reference&) const = default;
};

// Docker's rules for missing parts: "docker.io", "library/" and the tag "latest" are filled in.
Result<Reference> parse_reference(std::string_view text);

// For policy files, where a guessed registry would be somebody else's choice: the domain must be written.
Result<Reference> parse_policy_reference(std::string_view text);

}  // namespace schedkit
