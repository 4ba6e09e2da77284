// What the kernel says about sched_ext. Formats: Documentation/scheduler/sched-ext.rst of Linux; the files under
// /sys/kernel/sched_ext (none can be polled) and the uevents of /kernel/sched_ext/root.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace schedkit {

enum class ExtState { unsupported, disabled, enabling, enabled, disabling };

std::string_view to_string(ExtState state);

struct KernelState {
  ExtState state = ExtState::unsupported;
  std::string ops;               // name of the attached scheduler's ops; empty when none
  std::uint64_t enable_seq = 0;  // successful enables since boot
  std::uint64_t hotplug_seq = 0;
  std::uint64_t rejected = 0;  // tasks refused by ops
  bool switch_all = false;

  bool operator==(const KernelState&) const = default;
};

// The link through which a scheduler is attached. A scheduler may be attached without one.
struct SchedulerLink {
  std::uint32_t id = 0;              // BPF link id
  std::vector<std::int32_t> owners;  // processes that hold it; none: it is pinned
};

// How detaching ended.
using DetachDone = std::function<void(Result<void>)>;

// Port to the kernel; kernel_linux.h implements it, tests/fakes has another.
class Kernel {
 public:
  // Something about the attached scheduler or the CPUs changed, or events were lost: read state() again. Also called
  // for each line that the kernel logs about sched_ext ("sched_ext: …"), with that line. On the loop thread, never from
  // inside a call.
  using Changed = std::function<void(const std::optional<std::string>& message)>;

  virtual ~Kernel() = default;

  virtual void on_change(Changed changed) = 0;

  // Read anew from sysfs at each call.
  virtual KernelState state() const = 0;

  // The sched_ext links there are, the root scheduler's and those of sub-schedulers. Costs a walk over the kernel's BPF
  // links and, for the owners, over /proc.
  virtual Result<std::vector<SchedulerLink>> links() const = 0;

  // Who holds `link`, for people: "scx_rusty (pid 42, scx.service)"; "nobody, pinned at /sys/fs/bpf/x".
  virtual std::string describe_holder(const SchedulerLink& link) const = 0;

  // Detaches by BPF_LINK_DETACH on a thread of its own, since the call can hang with a stalled scheduler and cannot be
  // interrupted; exit does not wait for it. `done` is called once on the loop thread unless the Kernel is destroyed
  // first.
  virtual void detach(std::uint32_t link_id, DetachDone done) = 0;

  // Ejects whatever is attached through SysRq-S: the last resort.
  virtual Result<void> eject() = 0;
};

}  // namespace schedkit
