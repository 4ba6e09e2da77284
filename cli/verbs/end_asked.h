#pragma once

#include "core/base/result.h"
#include "core/base/unique_fd.h"

namespace schedkit {

// Blocks ^C, SIGTERM and SIGHUP; the descriptor is readable from the first of them on.
Result<UniqueFd> end_asked_for();

}  // namespace schedkit
