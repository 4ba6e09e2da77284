#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/result.h"

namespace schedkit {

// A field's name as a key of policy files: "loadTimeout" is "load-timeout". Errc::invalid for what is no such name
// ([A-Za-z][A-Za-z0-9]*), so that a key never needs quotes.
Result<std::string> toml_key(std::string_view field);

// `value` in one line of TOML. Members of objects that are null are left out; keys are renamed by toml_key(), but not
// those below `env`, `modes` and `args`, which the user chooses: they are quoted. `what` starts the messages.
Result<std::string> toml_value(const nlohmann::json& value, const std::string& what);

// "key = value" for one field of an object, without a line's end.
Result<std::string> toml_assignment(std::string_view field, const nlohmann::json& value, const std::string& what);

}  // namespace schedkit
