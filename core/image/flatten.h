// All layers of an image into one directory, each verified on the way: blob digest and size, then diff_id.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/image/layout.h"
#include "core/image/limits.h"
#include "core/image/unpack.h"

namespace schedkit {

// `rootfs`: an existing empty directory, private to the caller: blobs are unpacked while their digest is still being
// computed, so after an error it must be removed. Returns the warnings.
Result<std::vector<std::string>> flatten_image(BlobSource& blobs, const LoadedImage& image, const std::string& rootfs,
                                               const ImageLimits& limits, UnpackOptions options = {});

}  // namespace schedkit
