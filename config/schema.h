// The keys of policy files and of schedkit.toml, once: parsing, its error messages and the JSON Schema
// (json_schema.h) come from these tables.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace schedkit {

enum class KeyType {
  text,
  word,           // one of Key::words
  flag,           // boolean
  integer,        // within Key::least and Key::most
  duration,       // core/base/text.h, parse_duration
  size,           // parse_size
  texts,          // list of strings
  text_table,     // strings under free keys
  texts_table,    // lists of strings under free keys
  words,          // one of Key::words or a list of them
  time_of_day,    // "HH:MM"; within Key::least and Key::most minutes after midnight
  percentage,     // "40%"; from 1 to 100
  lifetime,       // core/policy/lifetime.h
  value,          // a string, an integer, a real number or a boolean
  values,         // a list of such
  patterns,       // a glob or a list of them
  pattern_table,  // patterns under free keys
  table,          // one table of schema Key::table
  tables,         // one such table or an array of them
  table_array,    // an array of such tables
  named_tables,   // such tables under names that the user chooses
  anything,       // not looked at
};

enum class KeyStatus {
  active,
  inert,  // read and checked, and a warning says that it has no effect yet
};

struct TableSchema;

struct Key {
  std::string_view name;
  KeyType type = KeyType::text;
  std::string_view fallback = {};  // the value when it is missing, in TOML
  std::string_view help = {};
  bool required = false;
  KeyStatus status = KeyStatus::active;
  bool from_cluster = true;  // files written for a cluster may set it
  bool positive = false;     // durations and sizes: zero is an error
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::span<const std::string_view> words = {};
  const TableSchema* table = nullptr;
};

struct TableSchema {
  std::string_view name;
  std::span<const Key> keys;

  const Key* find(std::string_view key) const;
  std::vector<std::string_view> key_names() const;
};

// What a value of that type looks like: "a list of strings, as [\"--verbose\"]".
std::string_view describe(KeyType type);

extern const TableSchema policy_schema;     // a whole policy file
extern const TableSchema scheduler_schema;  // [schedulers.NAME]
extern const TableSchema rule_schema;       // [[rules]]
extern const TableSchema condition_schema;  // [rules.when], [rules.unless]: one key per kind
extern const TableSchema process_schema;
extern const TableSchema cgroup_schema;
extern const TableSchema time_schema;
extern const TableSchema signal_schema;        // dbus-signal
extern const TableSchema signal_match_schema;  // its `until`
extern const TableSchema property_schema;      // dbus-property
extern const TableSchema power_schema;
extern const TableSchema pressure_schema;
extern const TableSchema settings_schema;           // a whole schedkit.toml
extern const TableSchema trust_scope_schema;        // [[trust.scope]]
extern const TableSchema trust_requirement_schema;  // one of its `require`

constexpr std::size_t largest_policy_file = 64 * 1024;
constexpr std::size_t most_rules = 4096;
constexpr std::size_t most_schedulers = 1024;

}  // namespace schedkit
