#include "core/policy/glob_index.h"

#include <algorithm>

#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::string_view special = "*?[]\\";

std::string_view literal_prefix(std::string_view glob) {
  auto prefix = glob.substr(0, glob.find_first_of(special));
  // "/a/**" matches "/a" where ** stands for segments.
  if (glob.substr(prefix.size()).starts_with("**") && prefix.ends_with('/')) prefix.remove_suffix(1);
  return prefix;
}

std::string_view literal_suffix(std::string_view glob) { return glob.substr(glob.find_last_of(special) + 1); }

void append(const std::vector<std::uint32_t>& from, std::vector<std::uint32_t>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

void GlobIndex::Ends::add(std::string_view end, std::uint32_t number) {
  numbers[std::string(end)].push_back(number);
  if (std::ranges::find(lengths, end.size()) == lengths.end()) lengths.push_back(end.size());
}

void GlobIndex::add(std::string_view glob, std::uint32_t number) {
  if (!has_glob(glob)) {
    exact_[std::string(glob)].push_back(number);
    return;
  }
  const auto prefix = literal_prefix(glob);
  const auto suffix = literal_suffix(glob);
  if (prefix.empty() && suffix.empty()) {
    rest_.push_back(number);
  } else if (prefix.size() >= suffix.size()) {
    prefixes_.add(prefix, number);
  } else {
    suffixes_.add(suffix, number);
  }
}

void GlobIndex::find(std::string_view text, std::vector<std::uint32_t>& candidates) const {
  const auto take = [&](const Numbers& numbers, std::string_view key) {
    if (const auto found = numbers.find(key); found != numbers.end()) append(found->second, candidates);
  };
  take(exact_, text);
  for (const auto length : prefixes_.lengths) {
    if (length <= text.size()) take(prefixes_.numbers, text.substr(0, length));
  }
  for (const auto length : suffixes_.lengths) {
    if (length <= text.size()) take(suffixes_.numbers, text.substr(text.size() - length));
  }
  append(rest_, candidates);
}

}  // namespace schedkit
