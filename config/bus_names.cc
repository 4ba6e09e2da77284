#include "config/bus_names.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::size_t longest_name = 255;

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_element(std::string_view element, bool dashes) {
  return !element.empty() && !is_digit(element.front()) &&
         std::ranges::all_of(element, [&](char c) { return is_letter(c) || is_digit(c) || (dashes && c == '-'); });
}

bool is_dotted(std::string_view name, bool dashes) {
  const auto elements = split(name, '.');
  return name.size() <= longest_name && elements.size() > 1 &&
         std::ranges::all_of(elements, [&](auto element) { return is_element(element, dashes); });
}

}  // namespace

bool is_well_known_name(std::string_view name) { return is_dotted(name, true); }
bool is_interface_name(std::string_view name) { return is_dotted(name, false); }
bool is_member_name(std::string_view name) { return name.size() <= longest_name && is_element(name, false); }

bool is_object_path(std::string_view path) {
  if (path == "/") return true;
  if (!path.starts_with('/')) return false;
  return std::ranges::all_of(split(path.substr(1), '/'), [](auto element) {
    return !element.empty() && std::ranges::all_of(element, [](char c) { return is_letter(c) || is_digit(c); });
  });
}

}  // namespace schedkit
