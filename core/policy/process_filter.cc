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

// Adds one glob on a name: exact, "prefix*" and "*suffix" go to the kernel, any other shape widens the filter.
void add_name(ProcessFilter& filter, const std::string& rule, const std::string& glob) {
  const bool leads = glob.starts_with('*');
  const bool trails = !leads && glob.ends_with('*');
  const std::string fixed = leads ? glob.substr(1) : trails ? glob.substr(0, glob.size() - 1) : glob;
  auto& names = leads ? filter.suffixes : trails ? filter.prefixes : filter.exact;
  if (fixed.empty() || has_glob(fixed)) {
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
    // Only what follows the glob's last '/' is sure to be the file's name; a '*' in there, unless it leads, may stand
    // for further directories, and a ']' may end a class that the '/' is part of.
    for (const auto& glob : condition.exe.globs) {
      const std::string name(base_name(glob));
      const bool sure = name.starts_with('*') || name.find('*') == std::string::npos;
      const bool split_class = name.find(']') != std::string::npos && glob.find('[') < glob.size() - name.size();
      add_name(filter, rule, split_class ? glob : sure ? name : "*" + name);
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
