#include "core/sched/kernel.h"

namespace schedkit {

std::string_view to_string(ExtState state) {
  switch (state) {
    case ExtState::unsupported: return "unsupported";
    case ExtState::disabled: return "disabled";
    case ExtState::enabling: return "enabling";
    case ExtState::enabled: return "enabled";
    case ExtState::disabling: return "disabling";
  }
  return "unknown";
}

}  // namespace schedkit
