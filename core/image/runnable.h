// From an image's config to what a scheduler needs to start (image-spec, config.md and conversion.md).
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/image/manifest.h"
#include "core/policy/image.h"

namespace schedkit {

// Everything but reference, digest and rootfs. Refused: a user other than root (attaching a scheduler needs it),
// nothing to execute, a relative working directory or one in /proc, an unknown stop signal. `annotations` are the
// manifest's.
Result<RunnableImage> make_runnable(const ImageConfig& config, const std::map<std::string, std::string>& annotations);

// "15", "TERM", "SIGTERM", "SIGRTMIN+3".
Result<int> parse_signal(std::string_view text);

// Errc::unsupported when the label org.schedkit.scheduler.kernel.min-version asks for more than `release` (uname -r).
Result<void> require_kernel(const RunnableImage& image, std::string_view release);

}  // namespace schedkit
