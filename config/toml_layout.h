// Where everything stands in a TOML text, byte by byte: what editing needs and a tree of values no longer has. Only for
// texts that parse_document() has accepted: this scan knows just enough of TOML v1.0.0 to find where things begin and
// end (toml++ tells where values begin, but not where the parts of dotted keys are, and counts code points, not bytes).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

// From the root to a value: keys of tables and, from 0, items of arrays.
using TomlStep = std::variant<std::string, std::size_t>;
using TomlPath = std::vector<TomlStep>;

// Whether `path` is `prefix` or below it.
bool is_below(const TomlPath& path, const TomlPath& prefix);

// "rules[0].when.process": for messages.
std::string show_path(const TomlPath& path);

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;  // of the byte behind it
};

// One part of a dotted key.
struct KeyPart {
  std::string name;
  Span span;  // quotes included
};

struct ValueLayout;

// KEY = VALUE, on lines of its own or in an inline table.
struct EntryLayout {
  std::vector<KeyPart> key;
  std::vector<ValueLayout> value;  // exactly one; a vector because the two types hold each other

  Span span() const;
};

struct ValueLayout {
  enum class Kind { scalar, array, inline_table };

  Kind kind = Kind::scalar;
  Span span;                         // brackets included
  std::vector<ValueLayout> items;    // array
  std::vector<EntryLayout> entries;  // inline table
};

struct Statement {
  enum class Kind { table, array_item, entry };  // [x], [[x]], x = …

  Kind kind = Kind::entry;
  TomlPath path;      // from the root
  Span lines;         // the whole lines it takes, with their ends; always its own
  EntryLayout entry;  // of a header only the key
  // Where in `path` each part of the key is: the i-th at depth[i].
  std::vector<std::size_t> depth;
};

// In the order of the text.
std::vector<Statement> lay_out(std::string_view text);

// The end of the line in which `at` is, behind its line feed.
std::size_t end_of_line(std::string_view text, std::size_t at);
// Where the line of `at` begins.
std::size_t begin_of_line(std::string_view text, std::size_t at);

}  // namespace schedkit
