// Whether an unpacked image still is what its layers say.
#pragma once

#include <optional>
#include <string>

namespace schedkit {

// The first difference, for people; none when `actual` has everything of `expected` with the same type, mode, link
// target and content. More in `actual` is a difference too, but for empty files and directories: container runtimes
// make those as mount points.
std::optional<std::string> compare_trees(const std::string& expected, const std::string& actual);

}  // namespace schedkit
