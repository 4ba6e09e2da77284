// What the next daemon must know of the attached scheduler, beyond its run, to go on where an earlier one ended. JSON,
// version 1. It belongs to one run, so one that is left from before a boot says nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/policy/model.h"

namespace schedkit {

struct Tenure {
  std::string run;                    // its id
  Instant attached_at{};              // CLOCK_MONOTONIC
  std::string ops;                    // as the kernel names it; a link may outlive what was attached through it
  bool proved = false;                // it has passed its probation
  std::optional<Choice> before = {};  // what a rollback brings back first; unknown after a stranger

  bool operator==(const Tenure&) const = default;
};

std::string tenure_json(const Tenure& tenure);
Result<Tenure> parse_tenure(std::string_view json);

}  // namespace schedkit
