#pragma once

#include <memory>

#include "core/base/clock.h"
#include "core/loop/loop.h"
#include "core/policy/trigger_source.h"

namespace schedkit {

// The best source this machine allows: BPF programs, else the process events connector; status().detail of the latter
// says why. An error names both reasons. `loop` and `clock` must outlive the source.
Result<std::unique_ptr<TriggerSource>> make_process_source(Loop& loop, const Clock& clock);

}  // namespace schedkit
