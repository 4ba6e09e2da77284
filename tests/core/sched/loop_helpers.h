#pragma once

#include <chrono>
#include <functional>

#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// Turns the loop until `done` holds; false when that takes longer than `limit`, which is for broken code only.
inline bool run_until(Loop& loop, const std::function<bool()>& done, Duration limit = std::chrono::seconds(60)) {
  bool late = false;
  Timer timer(loop);
  timer.set(limit, [&late] { late = true; });
  while (!done() && !late) loop.run_once(true);
  return done();
}

}  // namespace schedkit
