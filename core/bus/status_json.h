// Status as JSON, docs/schedctl.md "JSON": upstream schedctl's schema "1" with fields added. Pure ASCII, indented, with
// a newline at the end. Environment values are not in it.
#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/status.h"

namespace schedkit {

// `now` turns the rules' instants into milliseconds from now.
std::string status_json(const Status& status, Instant now);

// The inverse, for clients: fields that are missing or of another type keep their defaults, so that an older or newer
// daemon can be shown; Errc::invalid only when the text is no JSON object of schema "1". Of the wanted scheduler only
// its name and image are there.
Result<Status> parse_status(std::string_view json, Instant now);

}  // namespace schedkit
