#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace schedkit {

// The name most like `text` (at most a third of it changed), or "" when none is.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names);

// The end of a message about an unknown name: "; did you mean "image"?", else "; known: args, env", else "".
std::string suggest(std::string_view text, const std::vector<std::string_view>& names);

}  // namespace schedkit
