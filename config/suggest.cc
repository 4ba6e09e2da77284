#include "config/suggest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace schedkit {

namespace {

// Levenshtein distance; one exchange of neighbours counts two.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row.back();
}

constexpr std::size_t longest_compared = 64;
constexpr std::size_t most_listed = 24;

}  // namespace

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names) {
  std::string_view best;
  if (text.size() > longest_compared) return best;
  std::size_t least = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const auto name : names) {
    if (name.size() > longest_compared) continue;
    const auto changes = distance(text, name);
    if (changes < least && changes < name.size()) {
      least = changes;
      best = name;
    }
  }
  return best;
}

std::string suggest(std::string_view text, const std::vector<std::string_view>& names) {
  if (const auto best = nearest(text, names); !best.empty()) return fmt::format("; did you mean \"{}\"?", best);
  if (names.empty() || names.size() > most_listed) return "";
  return fmt::format("; known: {}", fmt::join(names, ", "));
}

}  // namespace schedkit
