#pragma once

#include <string_view>

namespace schedkit {

// The directory a file was found in (config/directories.h). A higher one hides files of the same name in lower ones.
enum class PolicyLayer { vendor, runtime, cluster, admin };

constexpr std::string_view to_string(PolicyLayer layer) {
  switch (layer) {
    case PolicyLayer::vendor: return "vendor";
    case PolicyLayer::runtime: return "runtime";
    case PolicyLayer::cluster: return "cluster";
    case PolicyLayer::admin: return "admin";
  }
  return "unknown";
}

}  // namespace schedkit
