// Values of a TOML document as Nodes: made, compared, written and found by path. Places are left out of it all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/document.h"
#include "config/toml_layout.h"

namespace schedkit {

Node toml_text(std::string text);
Node toml_integer(std::int64_t integer);
Node toml_flag(bool flag);
Node toml_array(std::vector<Node> items);
Node toml_texts(const std::vector<std::string>& texts);

// Adds a member to a table, or replaces the one of that name.
void put(Node& table, std::string_view key, Node value);

// Whether both are the same value; the order of a table's keys means nothing.
bool same_value(const Node& a, const Node& b);

// nullptr when there is nothing.
const Node* find(const Node& root, const TomlPath& path);
Node* find(Node& root, const TomlPath& path);

// On one line: "a string", [1, 2], { key = true }.
std::string write_value(const Node& value);
// Bare when it can be, else quoted.
std::string write_key(std::string_view key);

// The lines of a table's body, each ended by `line_end`. Tables in it are written as dotted keys, one level deep.
std::string write_body(const Node& table, std::string_view line_end);

}  // namespace schedkit
