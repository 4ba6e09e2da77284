#include "config/table_reader.h"

#include <algorithm>
#include <cmath>

#include "config/suggest.h"
#include "core/base/text.h"

namespace schedkit {

void Problems::sort() {
  const auto place = [](const Error& error) { return std::pair(error.where.line, error.where.column); };
  std::ranges::stable_sort(errors, {}, place);
  std::ranges::stable_sort(warnings, {}, place);
}

TableReader::TableReader(const Node& table, const TableSchema& schema, std::string title, Problems& problems)
    : table_(table), schema_(schema), title_(std::move(title)), problems_(problems) {
  for (const auto& member : table_.members) check_member(member);
  for (const auto& key : schema_.keys) {
    if (key.required && !has(key.name)) {
      problems_.error(table_.place, fmt::format("{} needs {}: {}", title_, key.name, key.help));
    }
  }
}

void TableReader::check_member(const Member& member) {
  const Key* key = schema_.find(member.key);
  if (key == nullptr) {
    problems_.error(member.place, fmt::format("unknown key {} in {}{}", quote(member.key, 64), title_,
                                              suggest(member.key, schema_.key_names())));
  } else if (!key->from_cluster && problems_.layer == PolicyLayer::cluster) {
    problems_.error(
        member.place,
        fmt::format("{} cannot be set by a file of the cluster; only this node's administrator may", key->name),
        Errc::denied);
  } else if (key->status == KeyStatus::inert) {
    problems_.warn(member.place, fmt::format("{} in {} has no effect in this version yet", key->name, title_));
  }
}

Place TableReader::key_place(std::string_view key) const {
  const Member* member = table_.find(key);
  return member != nullptr ? member->place : table_.place;
}

Place TableReader::value_place(std::string_view key) const {
  const Member* member = table_.find(key);
  return member != nullptr ? member->value.place : table_.place;
}

void TableReader::wrong_type(const Key& key, const Node& value) {
  problems_.error(value.place,
                  fmt::format("{} must be {}, not {}", key.name, describe(key.type), describe(value.type)));
}

std::optional<TableReader::Found> TableReader::find(std::string_view key, Node::Type type) {
  const Member* member = table_.find(key);
  const Key* known = schema_.find(key);
  if (member == nullptr || known == nullptr) return std::nullopt;
  if (member->value.type == type) return Found{known, &member->value};
  wrong_type(*known, member->value);
  return std::nullopt;
}

std::optional<std::string> TableReader::string_of(const Key& key, const Node& value) {
  if (value.type != Node::Type::string) {
    wrong_type(key, value);
  } else if (value.text.find('\0') != std::string::npos) {
    problems_.error(value.place, fmt::format("{} holds a NUL byte", key.name));
  } else {
    return value.text;
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> TableReader::strings_of(const Key& key, const Node& value) {
  if (value.type != Node::Type::array) {
    wrong_type(key, value);
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const auto& item : value.items) {
    if (auto text = string_of(key, item)) texts.push_back(std::move(*text));
  }
  if (texts.size() != value.items.size()) return std::nullopt;
  return texts;
}

std::optional<Patterns> TableReader::patterns_of(const Key& key, const Node& value) {
  Patterns patterns;
  if (value.type == Node::Type::array) {
    auto texts = strings_of(key, value);
    if (!texts) return std::nullopt;
    patterns.globs = std::move(*texts);
  } else {
    auto text = string_of(key, value);
    if (!text) return std::nullopt;
    patterns.globs.push_back(std::move(*text));
  }
  if (patterns.globs.empty() || std::ranges::count(patterns.globs, "") > 0) {
    problems_.error(value.place, fmt::format("{} is empty; name a pattern or leave the key out", key.name));
    return std::nullopt;
  }
  return patterns;
}

void TableReader::read(std::string_view key, std::string& out) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  const auto& words = found->key->words;
  if (!words.empty() && std::ranges::find(words, found->value->text) == words.end()) {
    problems_.error(found->value->place, fmt::format("{} is {}; it must be one of: {}", key,
                                                     quote(found->value->text, 64), fmt::join(words, ", ")));
    return;
  }
  if (auto text = string_of(*found->key, *found->value)) out = std::move(*text);
}

void TableReader::read(std::string_view key, bool& out) {
  if (const auto found = find(key, Node::Type::boolean)) out = found->value->boolean;
}

void TableReader::read(std::string_view key, std::int64_t& out) {
  const auto found = find(key, Node::Type::integer);
  if (!found) return;
  if (found->value->integer < found->key->least || found->value->integer > found->key->most) {
    problems_.error(found->value->place, fmt::format("{} is {}; it must be from {} to {}", key, found->value->integer,
                                                     found->key->least, found->key->most));
    return;
  }
  out = found->value->integer;
}

void TableReader::read(std::string_view key, Duration& out) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  const auto duration = parse_duration(found->value->text);
  if (!duration) {
    problems_.error(found->value->place, fmt::format("{}: {}", key, duration.error().text), duration.error().code);
  } else if (found->key->positive && *duration <= Duration::zero()) {
    problems_.error(found->value->place, fmt::format("{} must be longer than zero", key));
  } else {
    out = *duration;
  }
}

void TableReader::read(std::string_view key, std::uint64_t& out) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  const auto size = parse_size(found->value->text);
  if (!size) {
    problems_.error(found->value->place, fmt::format("{}: {}", key, size.error().text), size.error().code);
  } else if (found->key->positive && *size == 0) {
    problems_.error(found->value->place, fmt::format("{} must be larger than zero", key));
  } else {
    out = *size;
  }
}

void TableReader::read(std::string_view key, std::vector<std::string>& out) {
  const auto found = find(key, Node::Type::array);
  if (!found) return;
  if (auto texts = strings_of(*found->key, *found->value)) out = std::move(*texts);
}

void TableReader::read(std::string_view key, std::map<std::string, std::string>& out) {
  const auto found = find(key, Node::Type::table);
  if (!found) return;
  for (const auto& member : found->value->members) {
    if (auto text = string_of(*found->key, member.value)) out[member.key] = std::move(*text);
  }
}

void TableReader::read(std::string_view key, std::map<std::string, std::vector<std::string>>& out) {
  const auto found = find(key, Node::Type::table);
  if (!found) return;
  for (const auto& member : found->value->members) {
    if (auto texts = strings_of(*found->key, member.value)) out[member.key] = std::move(*texts);
  }
}

void TableReader::read(std::string_view key, Patterns& out) {
  const Member* member = table_.find(key);
  const Key* known = schema_.find(key);
  if (member == nullptr || known == nullptr) return;
  if (auto patterns = patterns_of(*known, member->value)) out = std::move(*patterns);
}

void TableReader::read(std::string_view key, std::vector<std::pair<std::string, Patterns>>& out) {
  const auto found = find(key, Node::Type::table);
  if (!found) return;
  for (const auto& member : found->value->members) {
    if (auto patterns = patterns_of(*found->key, member.value)) out.emplace_back(member.key, std::move(*patterns));
  }
  if (found->value->members.empty()) problems_.error(found->value->place, fmt::format("{} is empty", key));
}

void TableReader::read(std::string_view key, Lifetime& out) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  if (const auto lifetime = parse_lifetime(found->value->text)) {
    out = *lifetime;
  } else {
    problems_.error(found->value->place, fmt::format("{}: {}", key, lifetime.error().text));
  }
}

std::optional<PropertyValue> TableReader::value_of(const Key& key, const Node& value) {
  switch (value.type) {
    case Node::Type::string:
      if (auto text = string_of(key, value)) return PropertyValue(std::move(*text));
      return std::nullopt;
    case Node::Type::integer: return PropertyValue(value.integer);
    case Node::Type::boolean: return PropertyValue(value.boolean);
    case Node::Type::real:
      if (std::isfinite(value.real)) return PropertyValue(value.real);
      problems_.error(value.place, fmt::format("{} is not a finite number", key.name));
      return std::nullopt;
    default: wrong_type(key, value); return std::nullopt;
  }
}

void TableReader::read(std::string_view key, std::vector<PropertyValue>& out) {
  const Member* member = table_.find(key);
  const Key* known = schema_.find(key);
  if (member == nullptr || known == nullptr) return;
  if (known->type == KeyType::value) {
    if (auto value = value_of(*known, member->value)) out.push_back(std::move(*value));
  } else if (member->value.type != Node::Type::array) {
    wrong_type(*known, member->value);
  } else {
    for (const auto& item : member->value.items) {
      if (auto value = value_of(*known, item)) out.push_back(std::move(*value));
    }
    if (member->value.items.empty()) problems_.error(member->value.place, fmt::format("{} is empty; list values", key));
  }
}

void TableReader::read_words(std::string_view key, std::vector<std::string>& out) {
  const Member* member = table_.find(key);
  const Key* known = schema_.find(key);
  if (member == nullptr || known == nullptr) return;
  const auto patterns = patterns_of(*known, member->value);
  if (!patterns) return;
  for (const auto& word : patterns->globs) {
    if (std::ranges::find(known->words, word) != known->words.end()) continue;
    problems_.error(member->value.place,
                    fmt::format("{} holds {}; it must be of: {}", key, quote(word, 64), fmt::join(known->words, ", ")));
    return;
  }
  out = patterns->globs;
}

void TableReader::read_time_of_day(std::string_view key, int& minutes) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  const auto& text = found->value->text;
  const auto hours = parse_unsigned(std::string_view(text).substr(0, 2));
  const auto rest = parse_unsigned(text.size() == 5 ? std::string_view(text).substr(3) : "");
  if (text.size() == 5 && text[2] == ':' && hours && rest && *rest < 60) {
    const auto value = static_cast<std::int64_t>(*hours * 60 + *rest);
    if (value >= found->key->least && value <= found->key->most) {
      minutes = static_cast<int>(value);
      return;
    }
  }
  const auto latest = found->key->most;
  problems_.error(found->value->place,
                  fmt::format("{} is {}; it must be a time from \"00:00\" to \"{:02}:{:02}\" with two digits each", key,
                              quote(text, 40), latest / 60, latest % 60));
}

void TableReader::read_percentage(std::string_view key, int& percent) {
  const auto found = find(key, Node::Type::string);
  if (!found) return;
  const std::string_view text = found->value->text;
  const auto value = parse_unsigned(text.substr(0, text.size() - (text.empty() ? 0 : 1)));
  if (text.ends_with('%') && value && *value >= 1 && *value <= 100) {
    percent = static_cast<int>(*value);
  } else {
    problems_.error(found->value->place,
                    fmt::format("{} is {}; it must be from \"1%\" to \"100%\"", key, quote(text, 40)));
  }
}

std::vector<const Node*> TableReader::tables(std::string_view key) {
  const Member* member = table_.find(key);
  const Key* known = schema_.find(key);
  std::vector<const Node*> found;
  if (member == nullptr || known == nullptr) return found;
  if (member->value.type == Node::Type::table && known->type != KeyType::table_array) {
    found.push_back(&member->value);
  } else if (member->value.type != Node::Type::array || known->type == KeyType::table) {
    wrong_type(*known, member->value);
  } else {
    for (const auto& item : member->value.items) {
      if (item.type == Node::Type::table) {
        found.push_back(&item);
      } else {
        wrong_type(*known, item);
      }
    }
  }
  return found;
}

std::vector<const Member*> TableReader::named_tables(std::string_view key) {
  std::vector<const Member*> members;
  const auto found = find(key, Node::Type::table);
  if (!found) return members;
  for (const auto& member : found->value->members) {
    if (member.value.type == Node::Type::table) {
      members.push_back(&member);
    } else {
      problems_.error(member.value.place, fmt::format("{} in [{}] must be a table, not {}", quote(member.key, 64), key,
                                                      describe(member.value.type)));
    }
  }
  return members;
}

void TableReader::check_inert() {
  std::string text;
  bool flag = false;
  std::int64_t integer = 0;
  Duration duration{0};
  std::uint64_t size = 0;
  for (const auto& key : schema_.keys) {
    if (key.status != KeyStatus::inert) continue;
    switch (key.type) {
      case KeyType::text: read(key.name, text); break;
      case KeyType::flag: read(key.name, flag); break;
      case KeyType::integer: read(key.name, integer); break;
      case KeyType::duration: read(key.name, duration); break;
      case KeyType::size: read(key.name, size); break;
      default: break;
    }
  }
}

}  // namespace schedkit
