#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/loop/loop.h"

namespace schedkit {

// Calls a function on the loop thread for each of the given signals.
class Signals {
 public:
  Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> call);
  ~Signals();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
