// What is held against a scheduler that failed: plain data, as status shows it and quarantine.json keeps it.
#pragma once

#include <string>
#include <vector>

#include "core/base/clock.h"

namespace schedkit {

// A strike is against a program, not a name: another image, other arguments or another kernel begin anew.
struct StrikeKey {
  std::string digest;
  std::vector<std::string> args;
  std::string kernel;  // release

  bool operator==(const StrikeKey&) const = default;
};

struct StrikeRecord {
  StrikeKey key;
  std::string scheduler = {};  // the name it last failed under
  int count = 0;
  bool quarantined = false;  // not started any more until it is cleared
  std::string reason = {};   // of the last strike
  WallTime at{};

  bool operator==(const StrikeRecord&) const = default;
};

}  // namespace schedkit
