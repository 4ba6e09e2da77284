// Labels and label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

using Labels = std::map<std::string, std::string>;

struct LabelRequirement {
  enum class Operator { in, not_in, exists, does_not_exist };

  std::string key;
  Operator how = Operator::exists;
  std::vector<std::string> values = {};
};

// All requirements must hold; without any it selects everything.
struct LabelSelector {
  std::vector<LabelRequirement> requirements = {};

  // As the API server does it: NotIn also holds without the label.
  bool selects(const Labels& labels) const;
};

// {"a": "b"}; missing or null is none. Errc::invalid when a value is no string. `what` starts the messages.
Result<Labels> read_labels(const nlohmann::json& object, const char* key, const std::string& what);

// {matchLabels, matchExpressions}, meta/v1 LabelSelector; null selects everything. Unknown members are errors.
Result<LabelSelector> read_selector(const nlohmann::json& selector, const std::string& what);

}  // namespace schedkit
