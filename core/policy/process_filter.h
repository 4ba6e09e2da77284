#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/policy/process.h"

namespace schedkit {

// What the kernel is told so that a process which no rule can match never wakes the daemon. A process is a candidate
// when its comm or its executable's file name is in `exact`, begins with one of `prefixes` or ends with one of
// `suffixes`; when `everything` is set each process is one. The filter may let too much through, never too little.
struct ProcessFilter {
  std::set<std::string> exact;
  std::set<std::string> prefixes;
  std::set<std::string> suffixes;
  bool everything = false;
  std::vector<std::string> wide_because;  // why `everything` is set, one line each: shown by `schedctl status -v`
  ProcessNeeds needs;

  // True when no rule looks at processes at all.
  bool empty() const { return !everything && exact.empty() && prefixes.empty() && suffixes.empty(); }

  bool admits(std::string_view name) const;

  bool operator==(const ProcessFilter&) const = default;
};

// Patterns longer than the kernel's buffers or beyond `limit` names per kind widen the filter to `everything`.
constexpr std::size_t longest_filter_name = 63;
constexpr std::size_t most_filter_names = 8192;

struct Policy;
ProcessFilter process_filter(const Policy& policy);

}  // namespace schedkit
