// Reads one TOML table by its schema. Problems are collected, not thrown: a file's errors are all reported together.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/document.h"
#include "config/policy_layer.h"
#include "config/schema.h"
#include "core/base/clock.h"
#include "core/policy/condition.h"
#include "core/policy/lifetime.h"
#include "core/policy/pattern.h"

namespace schedkit {

// What was found wrong in one file.
struct Problems {
  std::string file;
  PolicyLayer layer = PolicyLayer::admin;
  std::vector<Error> errors;
  std::vector<Error> warnings;

  Where at(Place place) const { return {file, place.line, place.column}; }
  void error(Place place, std::string text, Errc code = Errc::invalid) {
    errors.push_back({code, std::move(text), at(place)});
  }
  void warn(Place place, std::string text) { warnings.push_back({Errc::invalid, std::move(text), at(place)}); }
  // Both lists in the order of the text.
  void sort();
};

class TableReader {
 public:
  // Reports at once: unknown and missing keys, keys that the file's layer may not set, keys without effect. `title` is
  // how messages call the table: "[schedulers.lavd]". All arguments must outlive the reader.
  TableReader(const Node& table, const TableSchema& schema, std::string title, Problems& problems);

  // Each sets `out` when the key is there and right, reports when it is there and wrong, and otherwise leaves it alone.
  // `key` must be in the schema with a type that fits `out`.
  void read(std::string_view key, std::string& out);  // text, word
  void read(std::string_view key, bool& out);
  void read(std::string_view key, std::int64_t& out);
  void read(std::string_view key, Duration& out);
  void read(std::string_view key, std::uint64_t& out);  // size
  void read(std::string_view key, std::vector<std::string>& out);
  void read(std::string_view key, std::map<std::string, std::string>& out);
  void read(std::string_view key, std::map<std::string, std::vector<std::string>>& out);
  void read(std::string_view key, Patterns& out);
  void read(std::string_view key, std::vector<std::pair<std::string, Patterns>>& out);

  void read(std::string_view key, Lifetime& out);
  void read(std::string_view key, std::vector<PropertyValue>& out);  // value, values
  void read_words(std::string_view key, std::vector<std::string>& out);
  void read_time_of_day(std::string_view key, int& minutes);
  void read_percentage(std::string_view key, int& percent);

  // Reports against the value of `key`.
  void error(std::string_view key, std::string text) { problems_.error(value_place(key), std::move(text)); }

  // The tables of a `table`, `tables` or `named_tables` key; nothing when it is missing or wrong (then reported).
  std::vector<const Node*> tables(std::string_view key);
  std::vector<const Member*> named_tables(std::string_view key);

  // Reads and drops every key of status inert, for the sake of its errors.
  void check_inert();

  bool has(std::string_view key) const { return table_.find(key) != nullptr; }
  // Of the key, or of the table when it is missing.
  Place key_place(std::string_view key) const;
  Place value_place(std::string_view key) const;
  const Node& table() const { return table_; }
  Problems& problems() { return problems_; }
  const std::string& title() const { return title_; }

 private:
  struct Found {
    const Key* key;
    const Node* value;
  };

  void check_member(const Member& member);
  std::optional<Found> find(std::string_view key, Node::Type type);
  void wrong_type(const Key& key, const Node& value);
  // Text without NUL, which would end early as an argument or a path.
  std::optional<std::string> string_of(const Key& key, const Node& value);
  std::optional<std::vector<std::string>> strings_of(const Key& key, const Node& value);
  std::optional<Patterns> patterns_of(const Key& key, const Node& value);
  std::optional<PropertyValue> value_of(const Key& key, const Node& value);

  const Node& table_;
  const TableSchema& schema_;
  std::string title_;
  Problems& problems_;
};

}  // namespace schedkit
