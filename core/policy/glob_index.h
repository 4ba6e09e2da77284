#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace schedkit {

// Finds which of many globs may match a text without trying each: by the whole text where a glob is literal, else by
// its longer literal end. Only globs with wildcards at both ends are tried every time.
class GlobIndex {
 public:
  // `number` will be among the candidates of every text that `glob` matches, with the rules of glob_match (text.h) or
  // of cgroup_glob_match (cgroup_glob.h).
  void add(std::string_view glob, std::uint32_t number);

  // Appends too many and some twice, but never too few.
  void find(std::string_view text, std::vector<std::uint32_t>& candidates) const;

  void clear() { *this = {}; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Numbers = std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>>;

  // Literal ends of globs and the lengths that occur.
  struct Ends {
    Numbers numbers;
    std::vector<std::size_t> lengths;

    void add(std::string_view end, std::uint32_t number);
  };

  Numbers exact_;
  Ends prefixes_;
  Ends suffixes_;
  std::vector<std::uint32_t> rest_;
};

}  // namespace schedkit
