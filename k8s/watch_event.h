// One event of a watch: https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "k8s/api_client.h"

namespace schedkit {

// "NAME", or "NAMESPACE/NAME".
using ObjectMap = std::map<std::string, nlohmann::json>;

// "" when it has no name.
std::string object_key(const nlohmann::json& object);

struct WatchEvent {
  enum class Type { put, removed, bookmark };

  Type type = Type::put;
  std::string version;    // where a watch can go on from
  nlohmann::json object;  // not of a bookmark
};

// `event`: {"type", "object"}. An ERROR event is its failure; anything else that is not understood has Errc::invalid,
// so that the collection is listed again. `what` was watched.
ApiResult<WatchEvent> read_watch_event(nlohmann::json event, const std::string& what);

}  // namespace schedkit
