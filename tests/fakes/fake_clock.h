#pragma once

#include "core/base/clock.h"

namespace schedkit::fakes {

// Stands still until told to move.
class FakeClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  WallTime wall_now() const override { return WallTime(now_.time_since_epoch()); }
  void advance(Duration duration) { now_ += duration; }

 private:
  Instant now_{std::chrono::seconds(1000)};
};

}  // namespace schedkit::fakes
