#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

namespace schedkit {

// What a condition's key allows: any of these globs (core/base/text.h, glob_match). No globs: the key was not given and
// everything matches.
struct Patterns {
  std::vector<std::string> globs;

  bool given() const { return !globs.empty(); }
  bool matches(std::string_view text) const;

  auto operator<=>(const Patterns&) const = default;
};

}  // namespace schedkit
