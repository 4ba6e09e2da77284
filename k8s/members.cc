#include "k8s/members.h"

#include <algorithm>

namespace schedkit {

using Json = nlohmann::json;

namespace {

const Json nothing;

}  // namespace

const Json& value_at(const Json& object, MemberNames path) {
  const Json* at = &object;
  for (const auto step : path) {
    if (!at->is_object()) return nothing;
    const auto found = at->find(step);
    if (found == at->end()) return nothing;
    at = &*found;
  }
  return *at;
}

std::string text_at(const Json& object, MemberNames path) {
  const auto& value = value_at(object, path);
  return value.is_string() ? value.get<std::string>() : "";
}

const Json& entry_with(const Json& array, std::string_view key, std::string_view value) {
  if (!array.is_array()) return nothing;
  const auto found = std::ranges::find_if(array, [&](const auto& one) { return text_at(one, {key}) == value; });
  return found == array.end() ? nothing : *found;
}

void keep_members(Json& into, const Json& from, MemberNames names) {
  for (const auto name : names) {
    if (const auto& value = value_at(from, {name}); !value.is_null()) into[name] = value;
  }
}

}  // namespace schedkit
