#pragma once

#include <string_view>

#include "core/base/log_fields.h"

namespace schedkit {

// Whether `descriptor` is the stream that systemd says leads to the journal: `journal_stream` is the environment's
// JOURNAL_STREAM (systemd.exec(5)), or null. A terminal or a pipe that took its place is not.
bool is_journal(int descriptor, const char* journal_stream);

// A message with its fields, by the journal's own protocol. False when there is no journal to take it.
bool send_to_journal(log::Level level, std::string_view text, const log::Fields& fields);

}  // namespace schedkit
