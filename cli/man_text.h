// Pieces of man pages, from the options and verbs of CLI11. Pure.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

namespace schedkit::man {

// Escaped as man-pages(7) and groff_man(7) ask: a line must not begin with a dot or an apostrophe, and "-" is a hyphen
// unless escaped.
std::string roff(std::string_view text);

// The header and the section NAME.
std::string title(std::string_view name, int section, std::string_view what);

// An entry of a list of terms; `value` is "" for none.
std::string term(const std::string& word, const std::string& value, const std::string& text);

// An entry for each option.
std::string options_of(const CLI::App& app);

// A section for a verb and each below it; `parent` is the command before it.
std::string verb_text(const CLI::App& verb, const std::string& parent);

}  // namespace schedkit::man
