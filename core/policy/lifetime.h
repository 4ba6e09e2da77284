#pragma once

#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace schedkit {

// How long a manual choice lasts.
struct Lifetime {
  enum class Kind {
    automatic,  // until `schedctl auto`, over reboots too
    boot,       // until that or the machine ends
    limited,    // until that, the machine ends, or `duration` has passed
  };

  Kind kind = Kind::automatic;
  Duration duration{0};

  bool operator==(const Lifetime&) const = default;
};

// "auto", "boot" or a duration longer than zero (core/base/text.h), and back.
Result<Lifetime> parse_lifetime(std::string_view text);
std::string to_text(const Lifetime& lifetime);

}  // namespace schedkit
