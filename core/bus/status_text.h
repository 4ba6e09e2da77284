#pragma once

#include <string>

#include "core/base/clock.h"
#include "core/policy/status.h"

namespace schedkit {

struct StatusTextOptions {
  bool verbose = false;  // also rules, losers, policy files and the trigger sources
  bool colour = false;   // of the first line, by ANSI sequences
};

// Status for people, in upstream schedctl's shape: a first line, then indented "key: value" lines. Printable ASCII
// besides the colours.
std::string status_text(const Status& status, Instant now, StatusTextOptions options);

// One scheduler's strikes in one line.
std::string strike_text(const StrikeRecord& record);

// The last switch in one line: "schedkit_fifo -> schedkit_vtime: prepared in 812 ms, without a scheduler for 84 ms".
std::string switch_text(const SwitchRecord& record);

}  // namespace schedkit
