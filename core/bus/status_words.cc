#include "core/bus/status_words.h"

namespace schedkit {

std::string_view upstream_word(const Status& status) {
  const bool attached = !status.kernel.ops.empty();
  switch (status.state) {
    case SystemState::running:
    case SystemState::probation: return "running";
    case SystemState::orphaned_kernel_state:
    case SystemState::foreign: return "orphaned-kernel-state";
    case SystemState::managed_detached: return "managed-detached";
    case SystemState::managed_mismatch: return "managed-mismatch";
    case SystemState::idle:
    case SystemState::unsupported: return "idle";
    case SystemState::preparing:
      if (attached && !status.foreign_owner.empty()) return "orphaned-kernel-state";
      return status.current && attached ? "running" : "idle";
    case SystemState::handing_over: return status.current && attached ? "running" : "idle";
  }
  return "idle";
}

bool is_discrepancy(const Status& status) {
  const std::string_view word = upstream_word(status);
  return !status.discrepancy.empty() || (word != "idle" && word != "running");
}

}  // namespace schedkit
