#include "config/toml_value.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/base/toml_text.h"

namespace schedkit {

Node toml_text(std::string text) {
  Node node;
  node.type = Node::Type::string;
  node.text = std::move(text);
  return node;
}

Node toml_integer(std::int64_t integer) {
  Node node;
  node.type = Node::Type::integer;
  node.integer = integer;
  return node;
}

Node toml_flag(bool flag) {
  Node node;
  node.type = Node::Type::boolean;
  node.boolean = flag;
  return node;
}

Node toml_array(std::vector<Node> items) {
  Node node;
  node.type = Node::Type::array;
  node.items = std::move(items);
  return node;
}

Node toml_texts(const std::vector<std::string>& texts) {
  std::vector<Node> items;
  for (const auto& text : texts) items.push_back(toml_text(text));
  return toml_array(std::move(items));
}

void put(Node& table, std::string_view key, Node value) {
  const auto found = std::ranges::find(table.members, key, &Member::key);
  if (found != table.members.end()) {
    found->value = std::move(value);
  } else {
    table.members.push_back({std::string(key), {}, std::move(value)});
  }
}

bool same_value(const Node& a, const Node& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case Node::Type::string:
    case Node::Type::time: return a.text == b.text;
    case Node::Type::integer: return a.integer == b.integer;
    case Node::Type::boolean: return a.boolean == b.boolean;
    case Node::Type::real: return a.real == b.real || (std::isnan(a.real) && std::isnan(b.real));
    case Node::Type::array: return std::ranges::equal(a.items, b.items, same_value);
    case Node::Type::table:
      return a.members.size() == b.members.size() && std::ranges::all_of(a.members, [&](const Member& member) {
               const auto* other = b.find(member.key);
               return other != nullptr && same_value(member.value, other->value);
             });
  }
  return false;
}

Node* find(Node& root, const TomlPath& path) {
  Node* node = &root;
  for (const auto& step : path) {
    if (const auto* index = std::get_if<std::size_t>(&step)) {
      if (node->type != Node::Type::array || *index >= node->items.size()) return nullptr;
      node = &node->items[*index];
    } else {
      if (node->type != Node::Type::table) return nullptr;
      const auto found = std::ranges::find(node->members, std::get<std::string>(step), &Member::key);
      if (found == node->members.end()) return nullptr;
      node = &found->value;
    }
  }
  return node;
}

const Node* find(const Node& root, const TomlPath& path) { return find(const_cast<Node&>(root), path); }

std::string write_key(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : toml_string(key);
}

namespace {

std::string write_real(double real) {
  if (std::isnan(real)) return "nan";
  if (std::isinf(real)) return real < 0 ? "-inf" : "inf";
  auto text = fmt::format("{}", real);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string write_table(const Node& table) {
  std::vector<std::string> members;
  for (const auto& [key, place, value] : table.members) members.push_back(write_key(key) + " = " + write_value(value));
  return members.empty() ? "{}" : "{ " + join(members, ", ") + " }";
}

}  // namespace

std::string write_value(const Node& value) {
  switch (value.type) {
    case Node::Type::string: return toml_string(value.text);
    case Node::Type::integer: return std::to_string(value.integer);
    case Node::Type::boolean: return value.boolean ? "true" : "false";
    case Node::Type::real: return write_real(value.real);
    case Node::Type::time: return value.text;
    case Node::Type::table: return write_table(value);
    case Node::Type::array: {
      std::vector<std::string> items;
      for (const auto& item : value.items) items.push_back(write_value(item));
      return "[" + join(items, ", ") + "]";
    }
  }
  return "";
}

std::string write_body(const Node& table, std::string_view line_end) {
  std::string body;
  for (const auto& [key, place, value] : table.members) {
    if (value.type != Node::Type::table || value.members.empty()) {
      body += fmt::format("{} = {}{}", write_key(key), write_value(value), line_end);
      continue;
    }
    for (const auto& [below, unused, inner] : value.members) {
      body += fmt::format("{}.{} = {}{}", write_key(key), write_key(below), write_value(inner), line_end);
    }
  }
  return body;
}

}  // namespace schedkit
