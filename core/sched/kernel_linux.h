// The kernel's sched_ext on this machine. Three things are pushed to us: uevents of /kernel/sched_ext/root, lines of
// /dev/kmsg, and (elsewhere) the pidfds of schedulers; sysfs cannot be polled and is read when one of them speaks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/sched/kernel.h"
#include "core/sched/kmsg.h"
#include "core/sched/uevent.h"

namespace schedkit {

struct LinuxKernelOptions {
  std::string sysfs = "/sys/kernel/sched_ext";
  std::string devpath = "/kernel/sched_ext/root";       // whose uevents count
  std::string cpu_devpath = "/devices/system/cpu/cpu";  // the beginning of those of CPUs that go on- and offline
  std::string proc = "/proc";
  std::string bpffs = "/sys/fs/bpf";
  std::string kmsg = "/dev/kmsg";
  std::string sysrq = "/proc/sysrq-trigger";
  std::vector<std::uint32_t> value_types;  // btf_names.h, sched_ext_value_types()
};

class LinuxKernel final : public Kernel {
 public:
  // Fails only without the uevent socket. What else is missing is told by `missing()`.
  static Result<std::unique_ptr<LinuxKernel>> create(Loop& loop, LinuxKernelOptions options);
  ~LinuxKernel() override;

  // What this process may not do, one sentence each: for the log at start. Everything else works.
  const std::vector<std::string>& missing() const { return missing_; }

  void on_change(Changed changed) override { changed_ = std::move(changed); }
  KernelState state() const override;
  Result<std::vector<SchedulerLink>> links() const override;
  std::string describe_holder(const SchedulerLink& link) const override;
  void detach(std::uint32_t link_id, DetachDone done) override;
  Result<void> eject() override;

 private:
  struct Detachment;

  LinuxKernel(Loop& loop, LinuxKernelOptions options);
  Result<void> watch_uevents();
  Result<void> watch_log();
  void read_uevents();
  bool concerns_us(const Uevent& event) const;
  void read_log();
  // Reads the state again after growing pauses until it is not "disabling": the remove event comes before that ends.
  void follow_disabling(int attempt);
  Result<void> begin(Detachment& detachment, std::uint32_t link_id);
  void finish(Detachment& detachment);
  void tell(const std::optional<std::string>& message) const;
  std::string value(const std::string& name) const;
  std::uint64_t number(const std::string& name) const;

  Loop& loop_;
  const LinuxKernelOptions options_;
  Changed changed_;
  std::vector<std::string> missing_;
  UniqueFd uevents_;
  UniqueFd log_;
  UniqueFd sysrq_;
  SchedExtMessages messages_;
  Timer settle_;
  std::unique_ptr<FdWatch> uevents_watch_;  // after the descriptors: watches go first
  std::unique_ptr<FdWatch> log_watch_;
  std::vector<std::unique_ptr<Detachment>> detachments_;
};

}  // namespace schedkit
