// The guard's canary: a thread of the ordinary scheduling class that does nothing but note that it ran.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/base/result.h"

namespace schedkit {

class Canary {
 public:
  // Before the caller becomes a real-time task. The thread blocks all signals and lives as long as the process, and the
  // canary must, too.
  Result<void> start();

  // Wakes it. Allocates nothing and does not block.
  void wake();

  // Changes each time it ran after it was woken.
  std::uint64_t answered() const { return answered_.load(std::memory_order_acquire); }

 private:
  static void* run(void* self);

  std::atomic<std::uint32_t> asked_ = 0;  // a futex
  std::atomic<std::uint32_t> answered_ = 0;
};

}  // namespace schedkit
