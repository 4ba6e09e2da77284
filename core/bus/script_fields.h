#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/text.h"

namespace schedkit {

// Typed reading of one JSON object of a script. The first thing that is wrong is kept; keys that nobody asked for are wrong too.
class ScriptFields {
 public:
  // `at`: the time of its line.
  ScriptFields(const nlohmann::ordered_json& object, Duration at) : object_(object), at_(at) {}

  Duration at() const { return at_; }

  std::string text(const char* key, bool required = false) {
    const nlohmann::ordered_json* value = find(key, required);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    refuse(fmt::format("{} must be a string", key));
    return {};
  }

  bool flag(const char* key, bool otherwise) {
    const nlohmann::ordered_json* value = find(key, false);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) refuse(fmt::format("{} must be true or false", key));
    return value->is_boolean() && value->get<bool>();
  }

  std::uint64_t number(const char* key, std::uint64_t otherwise, bool required = false) {
    const nlohmann::ordered_json* value = find(key, required);
    if (value == nullptr) return otherwise;
    if (value->is_number_unsigned()) return value->get<std::uint64_t>();
    refuse(fmt::format("{} must be a whole number", key));
    return otherwise;
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    const nlohmann::ordered_json* value = find(key, false);
    if (value == nullptr) return all;
    for (const auto& item : *value) {
      if (!value->is_array() || !item.is_string()) {
        refuse(fmt::format("{} must be a list of strings", key));
        return {};
      }
      all.push_back(item.get<std::string>());
    }
    return all;
  }

  // A duration as text, or seconds.
  Duration duration(const char* key, Duration otherwise) {
    const nlohmann::ordered_json* value = find(key, false);
    if (value == nullptr) return otherwise;
    if (value->is_string()) {
      if (const auto parsed = parse_duration(value->get<std::string>())) return *parsed;
    } else if (value->is_number() && value->get<double>() >= 0 && value->get<double>() < 1e9) {
      return Duration(std::llround(value->get<double>() * 1e9));
    }
    refuse(fmt::format("{} must be a duration such as \"1m30s\", or seconds", key));
    return otherwise;
  }

  template <class Enum>
  std::optional<Enum> word(const char* key, std::initializer_list<Enum> values) {
    const auto found = text(key);
    if (found.empty()) return std::nullopt;
    std::vector<std::string> names;
    for (const auto value : values) {
      names.emplace_back(to_string(value));
      if (names.back() == found) return value;
    }
    refuse(fmt::format("{} is {}; it must be one of: {}", key, quote(found, 64), join(names, ", ")));
    return std::nullopt;
  }

  // The objects in a list, each read by `read`.
  template <class Read>
  void each(const char* key, Read read) {
    const nlohmann::ordered_json* list = find(key, false);
    if (list == nullptr) return;
    if (!list->is_array()) return refuse(fmt::format("{} must be a list of objects", key));
    for (std::size_t i = 0; i < list->size(); ++i) {
      const nlohmann::ordered_json& object = (*list)[i];
      if (!object.is_object()) return refuse(fmt::format("{} must be a list of objects", key));
      ScriptFields fields(object, at_);
      read(fields);
      if (auto done = fields.done(); !done) return refuse(fmt::format("{}[{}]: {}", key, i, done.error().text));
    }
  }

  const nlohmann::ordered_json* find(const char* key, bool required) {
    known_.insert(key);
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (required) refuse(fmt::format("{} is missing", key));
    return nullptr;
  }

  void refuse(std::string text) {
    if (!error_) error_ = Error{Errc::invalid, std::move(text), {}};
  }

  // Keys that nobody asks for are not wrong.
  void take_all() {
    for (const auto& [key, value] : object_.items()) known_.insert(key);
  }

  Result<void> done() {
    for (const auto& [key, value] : object_.items()) {
      if (!known_.contains(key)) refuse("unknown key " + quote(key, 64));
    }
    if (error_) return fail(*error_);
    return {};
  }

 private:
  const nlohmann::ordered_json& object_;
  Duration at_;
  std::set<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace schedkit
