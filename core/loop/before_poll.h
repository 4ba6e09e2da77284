#pragma once

#include <functional>
#include <memory>

#include "core/loop/loop.h"

namespace schedkit {

// Calls a function each time before the loop waits, without keeping the loop alive: for libraries whose wishes
// (descriptor, events, timeout) must be asked for anew each time, as sd-bus.
class BeforePoll {
 public:
  BeforePoll(Loop& loop, std::function<void()> call);
  ~BeforePoll();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
