// Sigstore bundles (sigstore/protobuf-specs, sigstore_bundle.proto), versions 0.1 to 0.3.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/image/trust/image_signature.h"

namespace schedkit {

// "application/vnd.dev.sigstore.bundle.v0.3+json" and the older spellings.
bool is_bundle_type(std::string_view media_type);

// Errc::invalid for what does not fit the format, more than one signature among them; Errc::unsupported for versions
// and contents that we do not know.
Result<ImageSignature> parse_bundle(std::string_view json);

}  // namespace schedkit
