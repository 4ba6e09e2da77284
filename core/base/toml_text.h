#pragma once

#include <string>
#include <string_view>

namespace schedkit {

// `text`, which must be UTF-8, as a TOML basic string, quotes included: https://toml.io/en/v1.0.0#string
std::string toml_string(std::string_view text);

}  // namespace schedkit
