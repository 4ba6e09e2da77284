#include "bpf/process_source.h"

#include <sys/stat.h>

#include "bpf/process_watch.h"
#include "core/source/proc_connector.h"

namespace schedkit {

namespace {

// The inode of the initial pid namespace is fixed (PROC_PID_INIT_INO); in any other one the kernel's pids are not ours.
bool in_initial_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == 0xEFFFFFFCU;
}

}  // namespace

Result<std::unique_ptr<TriggerSource>> make_process_source(Loop& loop, const Clock& clock) {
  if (!in_initial_pid_namespace()) {
    return fail(Errc::unsupported,
                "cannot watch processes: this is not the initial pid namespace (start the container with the host's)");
  }
  auto watch = ProcessWatch::create(loop, clock);
  if (watch) return std::unique_ptr<TriggerSource>(std::move(*watch));
  auto connector = ProcConnector::create(loop, clock, watch.error().text);
  if (connector) return std::unique_ptr<TriggerSource>(std::move(*connector));
  return fail(watch.error().code, "cannot watch processes: {}; {}", watch.error().text, connector.error().text);
}

}  // namespace schedkit
