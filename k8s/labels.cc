#include "k8s/labels.h"

#include <algorithm>

#include "core/base/text.h"
#include "k8s/members.h"

namespace schedkit {

using Json = nlohmann::json;
using Operator = LabelRequirement::Operator;

namespace {

bool holds(const LabelRequirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool present = found != labels.end();
  const bool listed = present && std::ranges::find(requirement.values, found->second) != requirement.values.end();
  switch (requirement.how) {
    case Operator::in: return listed;
    case Operator::not_in: return !listed;
    case Operator::exists: return present;
    case Operator::does_not_exist: return !present;
  }
  return false;
}

Result<Operator> read_operator(const std::string& word, const std::string& what) {
  if (word == "In") return Operator::in;
  if (word == "NotIn") return Operator::not_in;
  if (word == "Exists") return Operator::exists;
  if (word == "DoesNotExist") return Operator::does_not_exist;
  return fail(Errc::invalid, "{}: operator is {}; known are In, NotIn, Exists, DoesNotExist", what, quote(word, 64));
}

Result<LabelRequirement> read_requirement(const Json& expression, const std::string& what) {
  LabelRequirement requirement;
  requirement.key = text_at(expression, {"key"});
  if (requirement.key.empty()) return fail(Errc::invalid, "{}: key is missing", what);
  auto how = read_operator(text_at(expression, {"operator"}), what);
  if (!how) return fail(std::move(how.error()));
  requirement.how = *how;
  const auto values = expression.find("values");
  if (values != expression.end() && values->is_array()) {
    for (const auto& value : *values) {
      if (!value.is_string()) return fail(Errc::invalid, "{}: values must be strings", what);
      requirement.values.push_back(value);
    }
  }
  const bool wants_values = *how == Operator::in || *how == Operator::not_in;
  if (wants_values == requirement.values.empty()) {
    return fail(Errc::invalid, "{}: values are for In and NotIn, and not empty there", what);
  }
  return requirement;
}

}  // namespace

bool LabelSelector::selects(const Labels& labels) const {
  return std::ranges::all_of(requirements, [&](const auto& requirement) { return holds(requirement, labels); });
}

Result<Labels> read_labels(const Json& object, const char* key, const std::string& what) {
  Labels labels;
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || found->is_null()) return labels;
  if (!found->is_object()) return fail(Errc::invalid, "{}.{} must be a map of strings", what, key);
  for (const auto& [name, value] : found->items()) {
    if (!value.is_string())
      return fail(Errc::invalid, "{}.{}: the value of {} must be a string", what, key, quote(name));
    labels[name] = value;
  }
  return labels;
}

Result<LabelSelector> read_selector(const Json& selector, const std::string& what) {
  LabelSelector read;
  if (selector.is_null()) return read;
  if (!selector.is_object()) return fail(Errc::invalid, "{} must be a map", what);
  for (const auto& [name, value] : selector.items()) {
    if (name != "matchLabels" && name != "matchExpressions") {
      return fail(Errc::invalid, "{}: unknown field {}; known are matchLabels, matchExpressions", what,
                  quote(name, 64));
    }
  }
  auto labels = read_labels(selector, "matchLabels", what);
  if (!labels) return fail(std::move(labels.error()));
  for (const auto& [key, value] : *labels) read.requirements.push_back({key, Operator::in, {value}});
  const auto expressions = selector.find("matchExpressions");
  if (expressions == selector.end() || expressions->is_null()) return read;
  if (!expressions->is_array()) return fail(Errc::invalid, "{}.matchExpressions must be a list", what);
  for (std::size_t i = 0; i < expressions->size(); ++i) {
    auto requirement = read_requirement((*expressions)[i], fmt::format("{}.matchExpressions[{}]", what, i));
    if (!requirement) return fail(std::move(requirement.error()));
    read.requirements.push_back(std::move(*requirement));
  }
  return read;
}

}  // namespace schedkit
