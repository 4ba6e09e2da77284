// meta.json: what the store keeps of an image beside its root file system.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/policy/image.h"

namespace schedkit {

// Everything of `image` except reference and rootfs.
std::string write_meta(const RunnableImage& image);

Result<RunnableImage> parse_meta(std::string_view text, std::size_t limit);

}  // namespace schedkit
