#include "k8s/toml_value.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/text.h"
#include "core/base/toml_text.h"

namespace schedkit {

using Json = nlohmann::json;

namespace {

using std::literals::operator""sv;

constexpr std::array free_keys{"env"sv, "modes"sv, "args"sv};
constexpr int most_levels = 16;

Result<std::string> convert(const Json& value, const std::string& what, bool own_keys, int level);

Result<std::string> list(const Json& value, const std::string& what, int level) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < value.size(); ++i) {
    auto item = convert(value[i], fmt::format("{}[{}]", what, i), false, level + 1);
    if (!item) return item;
    items.push_back(std::move(*item));
  }
  return "[" + join(items, ", ") + "]";
}

Result<std::string> assignment(std::string_view name, const Json& value, const std::string& what, bool own_key,
                               int level) {
  auto key = own_key ? Result<std::string>(toml_string(name)) : toml_key(name);
  if (!key) return fail(with_context(std::move(key.error()), what));
  const bool below_is_free = !own_key && std::ranges::find(free_keys, name) != free_keys.end();
  auto text = convert(value, fmt::format("{}.{}", what, name), below_is_free, level);
  if (!text) return text;
  return fmt::format("{} = {}", *key, *text);
}

Result<std::string> table(const Json& value, const std::string& what, bool own_keys, int level) {
  std::vector<std::string> members;
  for (const auto& [name, member] : value.items()) {
    if (member.is_null()) continue;
    auto text = assignment(name, member, what, own_keys, level + 1);
    if (!text) return text;
    members.push_back(std::move(*text));
  }
  return members.empty() ? "{}" : "{ " + join(members, ", ") + " }";
}

Result<std::string> convert(const Json& value, const std::string& what, bool own_keys, int level) {
  if (level > most_levels) return fail(Errc::limit, "{}: more than {} levels", what.substr(0, 200), most_levels);
  switch (value.type()) {
    case Json::value_t::string: return toml_string(value.get_ref<const std::string&>());
    case Json::value_t::boolean: return std::string(value.get<bool>() ? "true" : "false");
    case Json::value_t::array: return list(value, what, level);
    case Json::value_t::object: return table(value, what, own_keys, level);
    case Json::value_t::number_integer: return fmt::format("{}", value.get<std::int64_t>());
    case Json::value_t::number_unsigned:
      if (value.get<std::uint64_t>() > INT64_MAX) return fail(Errc::invalid, "{} is too large", what);
      return fmt::format("{}", value.get<std::uint64_t>());
    case Json::value_t::number_float: {
      if (!std::isfinite(value.get<double>())) return fail(Errc::invalid, "{} is no number", what);
      auto text = fmt::format("{}", value.get<double>());
      return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    }
    default: return fail(Errc::invalid, "{} must not be null", what);
  }
}

}  // namespace

Result<std::string> toml_key(std::string_view field) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (field.empty() || field.size() > 64 || !letter(field.front()) || !std::ranges::all_of(field, fits)) {
    return fail(Errc::invalid, "{} is no field", quote(field, 64));
  }
  if (field == "timeZone") return std::string("timezone");
  std::string key;
  for (const char c : field) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !key.empty()) key += '-';
    key += capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return key;
}

Result<std::string> toml_value(const Json& value, const std::string& what) { return convert(value, what, false, 0); }

Result<std::string> toml_assignment(std::string_view field, const Json& value, const std::string& what) {
  return assignment(field, value, what, false, 0);
}

}  // namespace schedkit
