// Kubernetes objects from the text of manifests, as `kubectl apply -f` takes them: YAML or JSON (which is YAML),
// several documents, `kind: List` taken apart. Scalars mean what they mean to kubectl: true, false, null and numbers
// are typed, everything else, and everything quoted, is a string.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

constexpr std::size_t largest_manifest = 8 << 20;

struct KubernetesObject {
  nlohmann::json object;  // always an object
  Where where;            // of its document
};

// `file` is for messages. Errors carry its line and column: no YAML, a document that is no map, more than 32 levels,
// more than 200,000 values (aliases count each time), text that is not UTF-8.
Result<std::vector<KubernetesObject>> read_manifests(std::string_view text, const std::string& file);

}  // namespace schedkit
