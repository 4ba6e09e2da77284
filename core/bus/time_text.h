#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace schedkit {

// RFC 3339 in UTC: "2026-11-22T22:20:22Z", with milliseconds "2026-11-22T22:20:22.123Z".
std::string format_time(WallTime time, bool milliseconds);

// The inverse of both; nullopt for anything else.
std::optional<WallTime> parse_time(std::string_view text);

}  // namespace schedkit
