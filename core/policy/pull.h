// Bringing an image from a registry, as far as the rest of the system sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace schedkit {

// What a person may ask for beside the image.
struct PullOptions {
  std::string trust_policy;      // a file that replaces the settings' [trust]; "" for none
  bool allow_unsigned = false;   // take it although nobody vouches for it
  bool allow_downgrade = false;  // take an older version than the one that was here

  bool operator==(const PullOptions&) const = default;
};

struct PullProgress {
  enum class Phase { resolving, verifying, fetching, unpacking, done };

  Phase phase = Phase::resolving;
  std::uint64_t bytes = 0;  // of the layers; those that were here already count
  std::uint64_t total = 0;  // 0: not known yet

  bool operator==(const PullProgress&) const = default;
};

std::string_view to_string(PullProgress::Phase phase);

}  // namespace schedkit
