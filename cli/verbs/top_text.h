// What `schedctl top` shows. Printable ASCII besides the colours.
#pragma once

#include <string>
#include <vector>

#include "cli/verbs/kernel_truth.h"
#include "core/base/clock.h"
#include "core/policy/history.h"

namespace schedkit {

// How things are at one moment.
struct TopSample {
  Instant at{};
  WallTime wall{};
  Status status;
  EventCounters kernel_events;
  std::vector<HistoryEntry> history;  // the last switches, the newest last
  std::string trouble;                // why the daemon could not be asked; empty when it could
};

// The picture for a terminal. Rates are those since `before`, where both tell of the same attach.
std::string top_screen(const TopSample& now, const TopSample& before, bool colour);

// The first `rows` lines of a picture, each cut at `columns` characters; ANSI sequences take no room.
std::string fit(const std::string& picture, std::size_t rows, std::size_t columns);

// The same in one line, for what is no terminal: time, state, scheduler, rule, and what was counted since `before`.
std::string top_line(const TopSample& now, const TopSample& before);

}  // namespace schedkit
