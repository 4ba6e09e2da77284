#include "core/sched/run.h"

#include <csignal>
#include <cstring>

namespace schedkit {

std::string RunExit::describe() const {
  if (signal != 0) {
    const char* name = sigabbrev_np(signal);
    return name != nullptr ? fmt::format("was killed by SIG{}", name) : fmt::format("was killed by signal {}", signal);
  }
  return status ? fmt::format("exited with status {}", *status) : "ended";
}

}  // namespace schedkit
