// Messages of the log that programs look for: with fields besides the text, and a MESSAGE_ID for each kind.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/log.h"

namespace schedkit::log {

// Names as systemd.journal-fields(7) has them: capitals, digits, '_'.
using Fields = std::vector<std::pair<std::string_view, std::string>>;

// As write() of log.h; the fields get to a journal and nowhere else.
void write(Level level, std::string_view text, const Fields& fields);

// Gets every message in place of standard error, unless it returns false; not while a Sink is set. Not thread-safe:
// call it before threads start, and let it be called from any of them.
using Journal = std::function<bool(Level, std::string_view text, const Fields& fields)>;
void set_journal(Journal journal);

}  // namespace schedkit::log
