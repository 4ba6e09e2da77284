// Instants as JSON documents write them (RFC 3339), in whole seconds since 1970.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace schedkit {

// "2021-03-07T03:20:29.000Z", "2026-01-02T03:04:05+01:00"; fractions of a second are cut off.
Result<std::int64_t> parse_rfc3339(std::string_view text);

// In UTC, with "Z".
std::string format_rfc3339(std::int64_t seconds);

}  // namespace schedkit
