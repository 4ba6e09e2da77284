// The platform of an image and of this machine, in Go's names (image-spec, image-index.md "platform").
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;  // "v7"; for amd64 "v1" to "v4"; may be empty

  std::string to_string() const;
  bool operator==(const Platform&) const = default;
};

// This machine's. On amd64 the variant is the highest micro-architecture level it runs.
Platform host_platform();

// From `uname -m`: "x86_64" → amd64, "armv7l" → arm v7; an unknown machine is taken over as it is.
Platform platform_of_machine(std::string_view machine);

// How well an image for `image` suits `host`: negative not at all, otherwise the higher variant is the better one.
int platform_rank(const Platform& image, const Platform& host);

// Errc::unsupported naming both unless the image runs here; `what` is the image's name.
Result<void> require_platform(const Platform& image, const Platform& host, std::string_view what);

}  // namespace schedkit
