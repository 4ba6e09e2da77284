// Loads and attaches switches.bpf.c for schedkit-guard.
#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace schedkit {

// Attached for the rest of the process' life: the guard ends by exiting.
class SwitchCounter {
 public:
  // Needs CAP_BPF and CAP_PERFMON, and the kernel's BTF.
  static Result<SwitchCounter> attach();

  // Begins tick `number`, which must be a new one. Allocates nothing.
  void begin_tick(std::uint64_t number);

  // Changes when an ordinary task has been switched in.
  std::uint64_t value() const;

 private:
  explicit SwitchCounter(volatile void* shared) : shared_(shared) {}

  volatile void* shared_;  // struct guard_switches, mapped
};

}  // namespace schedkit
