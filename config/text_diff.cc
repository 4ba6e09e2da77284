#include "config/text_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace schedkit {

namespace {

constexpr std::size_t context = 3;
constexpr std::size_t most_cells = 16u << 20;  // of the table below; beyond it all is shown as replaced

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto size = end == std::string_view::npos ? text.size() : end + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

struct Step {
  char kind;  // ' ', '-', '+'
  std::string_view line;
};

// The longest common subsequence of what the two do not begin and end with alike.
std::vector<Step> steps_between(const Lines& a, const Lines& b) {
  std::size_t head = 0;
  while (head < std::min(a.size(), b.size()) && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < std::min(a.size(), b.size()) - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  const auto rows = a.size() - head - tail;
  const auto columns = b.size() - head - tail;
  const bool aligned = (rows + 1) * (columns + 1) <= most_cells;
  std::vector<std::uint16_t> table(aligned ? (rows + 1) * (columns + 1) : 0);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::uint16_t& { return table[i * (columns + 1) + j]; };
  for (std::size_t i = aligned ? rows : 0; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      cell(i, j) = a[head + i] == b[head + j] ? static_cast<std::uint16_t>(cell(i + 1, j + 1) + 1)
                                              : std::max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  std::vector<Step> steps;
  for (std::size_t i = 0; i < head; ++i) steps.push_back({' ', a[i]});
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (aligned && i < rows && j < columns && a[head + i] == b[head + j]) {
      steps.push_back({' ', a[head + i++]});
      ++j;
    } else if (i < rows && (!aligned || j == columns || cell(i + 1, j) >= cell(i, j + 1))) {
      steps.push_back({'-', a[head + i++]});
    } else {
      steps.push_back({'+', b[head + j++]});
    }
  }
  for (std::size_t k = a.size() - tail; k < a.size(); ++k) steps.push_back({' ', a[k]});
  return steps;
}

std::string range(std::size_t begin, std::size_t count) {
  if (count == 1) return std::to_string(begin + 1);
  return fmt::format("{},{}", count == 0 ? begin : begin + 1, count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, const std::string& before_name,
                         const std::string& after_name) {
  if (before == after) return "";
  const auto shown = [](const std::string& name) { return name.empty() ? "/dev/null" : name; };
  std::string text = fmt::format("--- {}\n+++ {}\n", shown(before_name), shown(after_name));
  const auto steps = steps_between(lines_of(before), lines_of(after));
  std::size_t a = 0;
  std::size_t b = 0;
  for (std::size_t at = 0; at < steps.size();) {
    if (steps[at].kind == ' ') {
      ++at, ++a, ++b;
      continue;
    }
    // A hunk: until there are more equal lines than two contexts.
    std::size_t end = at;
    for (std::size_t i = at, equal = 0; i < steps.size() && equal <= 2 * context; ++i) {
      equal = steps[i].kind == ' ' ? equal + 1 : 0;
      if (equal == 0) end = i + 1;
    }
    const auto lead = std::min(context, a);
    const auto stop = std::min(end + context, steps.size());
    std::string body;
    std::size_t old_lines = 0;
    std::size_t new_lines = 0;
    for (std::size_t i = at - lead; i < stop; ++i) {
      body.append(1, steps[i].kind).append(steps[i].line);
      if (!steps[i].line.ends_with('\n')) body += "\n\\ No newline at end of file\n";
      old_lines += steps[i].kind != '+' ? 1 : 0;
      new_lines += steps[i].kind != '-' ? 1 : 0;
    }
    text += fmt::format("@@ -{} +{} @@\n{}", range(a - lead, old_lines), range(b - lead, new_lines), body);
    a += old_lines - lead;
    b += new_lines - lead;
    at = stop;
  }
  return text;
}

}  // namespace schedkit
