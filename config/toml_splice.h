// The textual half of TomlEditor: one change of a text whose layout is known. Each function gives the whole new text,
// or "" where the change cannot be made in its way. Whether the result means what it should is not looked at here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/toml_layout.h"

namespace schedkit {

struct Laid {
  std::string_view text;
  const std::vector<Statement>& statements;
};

// The value at `path`, when it is written as one: not a table of headers or dotted keys. nullptr otherwise.
const ValueLayout* find_value(const Laid& laid, const TomlPath& path);

std::string replace_value(const Laid& laid, const TomlPath& path, std::string_view value);

// `path` = `value` where the table at the first `depth` steps of it is written.
std::string insert_entry(const Laid& laid, const TomlPath& path, std::size_t depth, const Node& value);
// The same under a header of its own behind what that table has.
std::string insert_under_header(const Laid& laid, const TomlPath& path, const Node& value);

std::string append_table(const Laid& laid, const TomlPath& path, const Node& table);
std::string append_item(const Laid& laid, const TomlPath& array, std::string_view value);

std::string remove_at(const Laid& laid, const TomlPath& path);
std::string rename_key(const Laid& laid, const TomlPath& path, const std::string& name);

// Runs of neighbouring statements at `path` or below it, as whole lines.
std::vector<Span> blocks_of(const Laid& laid, const TomlPath& path);

}  // namespace schedkit
