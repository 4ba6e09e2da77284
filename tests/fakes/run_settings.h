// What tests/run.sh tells the tests through the environment. Set but empty means not set, as run.sh does without --long.
#pragma once

#include <cstdlib>

namespace schedkit {

inline unsigned environment_number(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0' ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

// The full counts are wanted (SCHEDKIT_LONG=1).
inline bool long_run() { return environment_number("SCHEDKIT_LONG", 0) != 0; }

// What seeds a test's random numbers; a failing test prints the seed that it used.
inline unsigned first_seed() { return environment_number("SCHEDKIT_SEED", 1); }

}  // namespace schedkit
