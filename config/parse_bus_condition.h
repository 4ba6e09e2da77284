#pragma once

#include <optional>

#include "config/table_reader.h"
#include "core/policy/condition.h"

namespace schedkit {

// One `dbus-signal` and one `dbus-property` table. What is wrong is reported to the reader.
std::optional<Condition> parse_signal(TableReader& reader);
std::optional<Condition> parse_property(TableReader& reader);

}  // namespace schedkit
