#pragma once

#include <chrono>
#include <functional>

#include "core/loop/before_poll.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace schedkit {

// Turns the loop until `done` holds; false when that takes longer than `limit`, which is for broken code only.
inline bool run_until(Loop& loop, const std::function<bool()>& done, Duration limit = std::chrono::seconds(60)) {
  bool late = false;
  Timer timer(loop);
  timer.set(limit, [&late] { late = true; });
  // Asked before each wait: what a timer did in the same turn would otherwise be noticed one event later.
  const BeforePoll check(loop, [&] {
    if (done() || late) loop.stop();
  });
  loop.run();
  return done();
}

}  // namespace schedkit
