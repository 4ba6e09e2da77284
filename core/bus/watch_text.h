#pragma once

#include <string>
#include <string_view>

namespace schedkit {

// A line of the watch stream for people, with its newline: "   12.345s  decision      lavd  rule games.toml/cs2 holds".
// What cannot be read is shown as it is.
std::string watch_text(std::string_view line);

}  // namespace schedkit
