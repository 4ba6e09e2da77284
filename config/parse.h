// Text to PolicyText, or every error in it with its place (a syntax error hides what follows it). Pure.
#pragma once

#include <string_view>

#include "config/policy_text.h"

namespace schedkit {

// The daemon's settings; every other *.toml is a policy file.
constexpr std::string_view settings_file_name = "schedkit.toml";

// Chooses by the name: settings for schedkit.toml, else a policy.
ParsedText parse_text(std::string_view text, const TextSource& source);

// [A-Za-z0-9_.-]+: schedulers, rules and modes.
bool is_policy_name(std::string_view name);

// Whether `use` names an image instead of a scheduler.
bool is_image_reference(std::string_view use);

}  // namespace schedkit
