#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "core/base/clock.h"
#include "core/loop/timer.h"

namespace schedkit {

// Turns losses into rescans: the first one at once, further ones at most every `interval`, and always one after the
// last loss. In a storm that outruns us the loop would otherwise do nothing but scan.
class RescanPacer {
 public:
  static constexpr Duration interval = std::chrono::milliseconds(250);

  RescanPacer(Loop& loop, const Clock& clock, std::function<void()> rescan)
      : clock_(clock), rescan_(std::move(rescan)), timer_(loop) {}

  void request() {
    if (timer_.is_set()) return;
    const Instant now = clock_.now();
    if (!last_ || now - *last_ >= interval) {
      run();
    } else {
      timer_.set(*last_ + interval - now, [this] { run(); });
    }
  }

 private:
  void run() {
    rescan_();
    last_ = clock_.now();  // the interval begins when the scan has ended
  }

  const Clock& clock_;
  std::function<void()> rescan_;
  std::optional<Instant> last_;
  Timer timer_;
};

}  // namespace schedkit
