#include "config/assignment.h"

#include <algorithm>
#include <optional>

#include "config/suggest.h"
#include "config/toml_value.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

// Where a key leads to.
struct Target {
  TomlPath path;
  KeyType type = KeyType::table;
};

// The type of what is under a free key of such a table; nothing for other types.
std::optional<KeyType> type_below(KeyType type) {
  switch (type) {
    case KeyType::text_table: return KeyType::text;
    case KeyType::texts_table: return KeyType::texts;
    case KeyType::pattern_table: return KeyType::patterns;
    default: return std::nullopt;
  }
}

Result<Target> follow(std::string_view text, const TableSchema& schema) {
  Target target;
  const TableSchema* table = &schema;
  bool choosable = false;  // the last key may be an array of tables
  for (const auto part : split(text, '.')) {
    if (const auto index = parse_unsigned(part); index && choosable) {
      target.path.emplace_back(static_cast<std::size_t>(*index));
      choosable = false;
      continue;
    }
    if (const auto below = type_below(target.type); below && table == nullptr) {
      target.path.emplace_back(std::string(part));
      target.type = *below;
      continue;
    }
    if (table == nullptr) {
      return fail(Errc::invalid, "{} is {} and has no keys", quote(show_path(target.path), 64), describe(target.type));
    }
    const Key* key = table->find(part);
    if (key == nullptr) {
      const auto inside = target.path.empty() ? std::string() : " in " + show_path(target.path);
      return fail(Errc::invalid, "there is no key {}{}{}", quote(part, 64), inside, suggest(part, table->key_names()));
    }
    target.path.emplace_back(std::string(part));
    target.type = key->type;
    table = key->table;
    choosable = key->type == KeyType::tables || key->type == KeyType::table_array;
  }
  return target;
}

// At commas that no backslash precedes; `keep` leaves the backslash for patterns, where it means the same.
std::vector<std::string> split_list(std::string_view text, bool keep) {
  std::vector<std::string> pieces{""};
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (keep || text[i + 1] == ',')) {
      if (keep) pieces.back() += '\\';
      pieces.back() += text[++i];
    } else if (text[i] == ',') {
      pieces.emplace_back();
    } else {
      pieces.back() += text[i];
    }
  }
  return pieces;
}

std::string joined_keys(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const auto name : schema.key_names()) names.emplace_back(name);
  return join(names, ", ");
}

// A string, unless it reads as a number or a truth.
Node plain_value(const std::string& text) {
  const auto parsed = parse_document("v = " + text, "a value");
  if (parsed && parsed->members.size() == 1) {
    const auto& value = parsed->members[0].value;
    if (value.type == Node::Type::integer || value.type == Node::Type::real || value.type == Node::Type::boolean) {
      return value;
    }
  }
  return toml_text(text);
}

Result<Node> value_of(KeyType type, const std::string& key, std::string_view text) {
  switch (type) {
    case KeyType::flag:
      if (text != "true" && text != "false")
        return fail(Errc::invalid, "{} is {}: true or false", key, quote(text, 64));
      return toml_flag(text == "true");
    case KeyType::integer: {
      const auto number = plain_value(std::string(text));
      if (number.type != Node::Type::integer) return fail(Errc::invalid, "{} is {}: a number", key, quote(text, 64));
      return number;
    }
    case KeyType::texts:
      if (text.empty()) return toml_array({});
      return toml_texts(split_list(text, false));
    case KeyType::patterns:
    case KeyType::words: {
      auto pieces = split_list(text, true);
      return pieces.size() == 1 ? toml_text(std::move(pieces[0])) : toml_texts(pieces);
    }
    case KeyType::value: return plain_value(std::string(text));
    case KeyType::values: {
      std::vector<Node> items;
      for (const auto& piece : split_list(text, false)) items.push_back(plain_value(piece));
      return toml_array(std::move(items));
    }
    case KeyType::text_table:
    case KeyType::texts_table:
    case KeyType::pattern_table: return fail(Errc::invalid, "{0} needs a name of your own: {0}.NAME=VALUE", key);
    case KeyType::table:
    case KeyType::tables:
    case KeyType::table_array:
    case KeyType::named_tables:
    case KeyType::anything: return fail(Errc::invalid, "{} is {}; name a key of it", key, describe(type));
    default: return toml_text(std::string(text));
  }
}

}  // namespace

Result<Assignment> parse_assignment(std::string_view text, const TableSchema& schema) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return fail(Errc::invalid, "{} is not KEY=VALUE; keys are {}", quote(text, 64), joined_keys(schema));
  }
  auto target = follow(text.substr(0, equals), schema);
  if (!target) return fail(std::move(target.error()));
  auto value = value_of(target->type, std::string(text.substr(0, equals)), text.substr(equals + 1));
  if (!value) return fail(std::move(value.error()));
  return Assignment{std::move(target->path), std::move(*value)};
}

Result<TomlPath> parse_key(std::string_view text, const TableSchema& schema) {
  auto target = follow(text, schema);
  if (!target) return fail(std::move(target.error()));
  return std::move(target->path);
}

}  // namespace schedkit
