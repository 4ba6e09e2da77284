// Reading JSON objects that may be wrong in any way: what is missing, or is of another type, reads as nothing.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace schedkit {

using MemberNames = std::initializer_list<std::string_view>;

// `object`.metadata.name and the like; null when it is not there. Refers into `object`, or to a constant.
const nlohmann::json& value_at(const nlohmann::json& object, MemberNames path);

// The same as a string; "" when it is not there or no string.
std::string text_at(const nlohmann::json& object, MemberNames path);

// The first entry of the array whose `key` is the string `value`; null when there is none, or no array.
const nlohmann::json& entry_with(const nlohmann::json& array, std::string_view key, std::string_view value);

// Copies those members that are there and not null.
void keep_members(nlohmann::json& into, const nlohmann::json& from, MemberNames names);

}  // namespace schedkit
