#pragma once

#include <string>

#include "config/schema.h"

namespace schedkit {

// A JSON Schema (draft 7) of a whole file with that table, for editors and validators: policy_schema or
// settings_schema. It knows keys, types, words and the forms of texts; what `schedctl check` says beyond that (names that
// nobody defines, zones) is not in it.
std::string json_schema(const TableSchema& schema);

}  // namespace schedkit
