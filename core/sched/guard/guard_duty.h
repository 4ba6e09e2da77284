// When the guard has to watch, and when it is no longer needed. Pure; allocates nothing.
//
// It watches while a root scheduler is attached: any one, or with `foreign` off only one whose attach the daemon
// announced. An announced attach is watched from the announcement on, for a scheduler that stalls in the same moment
// keeps the news of it from coming. It ends when nothing is attached and no daemon is there.
#pragma once

#include <optional>

#include "core/base/clock.h"

namespace schedkit {

class GuardDuty {
 public:
  enum class Kernel { detached, changing, attached };

  void watch_foreign(bool foreign) { foreign_ = foreign; }
  void daemon(bool connected) { connected_ = connected; }
  // The daemon lets an attach call through now, or has found its own scheduler attached.
  void announced(Instant now);
  void kernel(Kernel state);

  // Whether ticks are needed, and whether a stall counts now.
  bool watches(Instant now) const;
  bool counts() const { return kernel_ == Kernel::attached && (foreign_ || ours_); }

  bool ended(Instant now) const { return !connected_ && kernel_ == Kernel::detached && !expects(now); }

 private:
  bool expects(Instant now) const { return expected_until_ && now < *expected_until_; }

  bool foreign_ = true;
  bool connected_ = false;
  bool ours_ = false;  // what is attached, or was announced
  Kernel kernel_ = Kernel::detached;
  std::optional<Instant> expected_until_;
};

}  // namespace schedkit
