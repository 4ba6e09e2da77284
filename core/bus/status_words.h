// Upstream schedctl's vocabulary for a Status (its JSON schema "1").
#pragma once

#include <string_view>

#include "core/policy/status.h"

namespace schedkit {

// idle, running, orphaned-kernel-state, managed-detached or managed-mismatch. A switch under way counts as what it
// leaves attached, a foreign scheduler as orphaned-kernel-state, a kernel without sched_ext as idle.
std::string_view upstream_word(const Status& status);

// Whether `schedctl status` exits with 2: what is attached is not what is managed or wanted.
bool is_discrepancy(const Status& status);

}  // namespace schedkit
