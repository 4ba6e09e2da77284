#pragma once

#include <string>
#include <string_view>

namespace schedkit {

// What `diff -u` writes, with three lines of context; "" when both are the same. A name of "" is /dev/null.
std::string unified_diff(std::string_view before, std::string_view after, const std::string& before_name,
                         const std::string& after_name);

}  // namespace schedkit
