#pragma once

#include <string_view>

namespace schedkit {

// Whether `glob` matches the whole cgroup path ("/a/b"; the root is "/"). A segment is matched as glob_match does, so
// `*` and `?` do not pass a slash; a segment `**` stands for zero or more segments.
bool cgroup_glob_match(std::string_view glob, std::string_view path);

}  // namespace schedkit
