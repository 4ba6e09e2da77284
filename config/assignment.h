// Keys and values as people type them on a command line: `priority=200`, `when.process.comm=cs2,*.exe`.
#pragma once

#include <string>
#include <string_view>

#include "config/document.h"
#include "config/schema.h"
#include "config/toml_layout.h"

namespace schedkit {

struct Assignment {
  TomlPath path;  // from the table of the schema
  Node value;
};

// "KEY=VALUE". The schema says what the value is: lists are separated by commas ("\," is a comma in one), a list of one
// pattern is that pattern. A number after a key that may be an array of tables chooses one of them, from 0:
// "when.1.process.comm". Whether the value is right is left to the check of the whole file.
Result<Assignment> parse_assignment(std::string_view text, const TableSchema& schema);

// The KEY alone.
Result<TomlPath> parse_key(std::string_view text, const TableSchema& schema);

}  // namespace schedkit
