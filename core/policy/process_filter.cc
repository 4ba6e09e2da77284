#include "core/policy/process_filter.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/policy/model.h"

namespace schedkit {

namespace {

void widen(ProcessFilter& filter, std::string reason) {
  filter.everything = true;
  if (std::ranges::find(filter.wide_because, reason) == filter.wide_because.end()) {
    filter.wide_because.push_back(std::move(reason));
  }
}

// What every name that `glob` matches begins or ends with: the longer one, the other is empty, or both are.
struct FixedEnds {
  std::string prefix;
  std::string suffix;
};

FixedEnds fixed_ends(const std::string& glob) {
  // Up to the first special character every byte stands for itself, and so does every one after the last.
  FixedEnds ends{glob.substr(0, glob.find_first_of("*?[\\")), glob.substr(glob.find_last_of("*?]\\") + 1)};
  (ends.prefix.size() >= ends.suffix.size() ? ends.suffix : ends.prefix).clear();
  return ends;
}

// Adds one glob on a name. The kernel knows names, prefixes and suffixes: it gets what the glob fixes of one end, which
// may let more through than the glob matches. A glob that fixes neither widens the filter.
void add_name(ProcessFilter& filter, const std::string& rule, const std::string& glob) {
  const bool exact = !has_glob(glob);
  const auto [prefix, suffix] = fixed_ends(glob);
  const std::string& fixed = exact ? glob : prefix.empty() ? suffix : prefix;
  auto& names = exact ? filter.exact : prefix.empty() ? filter.suffixes : filter.prefixes;
  if (fixed.empty()) {
    widen(filter, fmt::format("{}: the kernel cannot filter by the pattern {}", rule, quote(glob)));
  } else if (fixed.size() > longest_filter_name) {
    widen(filter, fmt::format("{}: {} is longer than {} bytes", rule, quote(glob, 40), longest_filter_name));
  } else if (names.size() >= most_filter_names) {
    widen(filter, fmt::format("more than {} names", most_filter_names));
  } else {
    names.insert(fixed);
  }
}

void add_condition(ProcessFilter& filter, const std::string& rule, const ProcessCondition& condition) {
  filter.needs.include(condition);
  if (condition.comm.given()) {
    for (const auto& glob : condition.comm.globs) add_name(filter, rule, glob);
  } else if (condition.exe.given()) {
    // Only what follows the glob's last '/' is sure to be the file's name, and of that only the end: a '*' or '?' in there
    // may stand for a '/', and a ']' may end a class that the '/' is part of.
    for (const auto& glob : condition.exe.globs) {
      const std::string name(base_name(glob));
      const bool split_class = name.find(']') != std::string::npos && glob.find('[') < glob.size() - name.size();
      add_name(filter, rule, has_glob(name) || split_class ? "*" + name : name);
    }
  } else {
    widen(filter, fmt::format("{}: no comm or exe to filter by", rule));
  }
}

void add_all(ProcessFilter& filter, const std::string& rule, const std::vector<ConditionSet>& alternatives) {
  for (const auto& conditions : alternatives) {
    for (const auto& condition : conditions) {
      if (const auto* process = std::get_if<ProcessCondition>(&condition)) add_condition(filter, rule, *process);
    }
  }
}

}  // namespace

bool ProcessFilter::admits(std::string_view name) const {
  return everything || exact.contains(std::string(name)) ||
         std::ranges::any_of(prefixes, [&](const auto& prefix) { return name.starts_with(prefix); }) ||
         std::ranges::any_of(suffixes, [&](const auto& suffix) { return name.ends_with(suffix); });
}

ProcessFilter process_filter(const Policy& policy) {
  ProcessFilter filter;
  for (const auto& rule : policy.rules) {
    add_all(filter, rule.id(), rule.when);
    add_all(filter, rule.id(), rule.unless);
  }
  return filter;
}

}  // namespace schedkit
