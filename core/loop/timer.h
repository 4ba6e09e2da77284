#pragma once

#include <functional>
#include <memory>

#include "core/base/clock.h"
#include "core/loop/loop.h"

namespace schedkit {

// A one-shot timer of millisecond grain. Destroying it cancels it.
class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();

  // Calls `fire` once after `delay`, up to a millisecond late and never early; from the next turn on when it is zero.
  // Replaces what was set.
  void set(Duration delay, std::function<void()> fire);

  // The same for an instant; one in the past fires in the next turn.
  void set_at(Instant when, std::function<void()> fire);

  void cancel();
  bool is_set() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
