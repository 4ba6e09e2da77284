// The history of switches as JSON (docs/operation.md, "History") and as text. Printable ASCII.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/policy/history.h"

namespace schedkit {

// One entry without a newline, as history.jsonl has it; fields that say nothing are left out.
std::string history_line(const HistoryEntry& entry);
Result<HistoryEntry> parse_history_line(std::string_view line);

// An array of them, indented, and back. Unknown events become notices.
std::string history_json(const std::vector<HistoryEntry>& entries);
Result<std::vector<HistoryEntry>> parse_history(std::string_view json);

// One line for each entry, for people.
std::string history_text(const std::vector<HistoryEntry>& entries);

}  // namespace schedkit
