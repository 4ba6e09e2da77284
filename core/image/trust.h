// Which images may run. So far one rule: local layouts that only root can have written.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

// Opens the layout directory at the absolute `path` for reading, if it, its index.json and oci-layout, and every
// directory and link on the way to it belong to root and nobody else may write them (blobs are bound by their digests).
// Everything is checked on opened descriptors, so what was checked is what is used. Errc::denied names the path at
// fault and the remedy; Errc::not_found when there is nothing at `path`.
Result<UniqueFd> root_owned_layout(const std::string& path);

}  // namespace schedkit
