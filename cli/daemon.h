// schedkitd put together: which parts there are, who knows whom, and in which order they come and go.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bpf/cgroup_source.h"
#include "bpf/process_source.h"
#include "cli/daemon_options.h"
#include "config/policy_directories.h"
#include "core/base/clock.h"
#include "core/base/unique_fd.h"
#include "core/bus/bus_source.h"
#include "core/bus/manager_service.h"
#include "core/bus/private_server.h"
#include "core/bus/system_bus.h"
#include "core/control/controller.h"
#include "core/control/state_directory.h"
#include "core/image/images.h"
#include "core/image/trust_admission.h"
#include "core/loop/before_poll.h"
#include "core/loop/loop.h"
#include "core/loop/signals.h"
#include "core/loop/timer.h"
#include "core/sched/cpu_pressure_linux.h"
#include "core/sched/crun_runner.h"
#include "core/sched/guard/stall_guard.h"
#include "core/sched/kernel_linux.h"
#include "core/source/clock_source.h"
#include "core/source/pressure_source.h"

namespace schedkit {

class Daemon {
 public:
  // Everything is up and acts when this returns, or nothing is.
  static Result<std::unique_ptr<Daemon>> create(Loop& loop, DaemonOptions options);
  ~Daemon();

 private:
  Daemon(Loop& loop, DaemonOptions options);

  std::string state_dir() const;
  Result<void> claim_run_dir();
  Result<void> make_mechanisms();
  Result<void> make_controller();
  Result<void> make_bus();
  void make_guard();
  void feed_watchdog();
  void configure_guard(const GuardSettings& settings);
  Keep images_in_use() const;
  void signalled(int number);
  void run_anew();
  void shut_down();
  void after_change();
  void reload(std::function<void()> done);

  Loop& loop_;
  const DaemonOptions options_;
  SystemClock clock_;
  UniqueFd lock_;
  std::string kernel_release_;
  std::unique_ptr<PolicyDirectories> directories_;
  std::unique_ptr<ImageRemote> remote_;
  std::shared_ptr<TrustAdmission> admission_;  // shared with images_ and the pool's work
  std::unique_ptr<Images> images_;
  std::unique_ptr<LinuxKernel> kernel_;
  std::unique_ptr<StallGuard> guard_;
  std::unique_ptr<CrunRunner> runner_;
  std::unique_ptr<TriggerSource> processes_;
  CgroupSource cgroups_;
  ClockSource wall_clock_;
  BusSource bus_;
  PressureSource pressure_;
  std::unique_ptr<StateDirectory> state_;
  std::unique_ptr<LinuxCpuPressure> cpu_pressure_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<ManagerService> service_;
  std::unique_ptr<PrivateServer> server_;
  std::unique_ptr<PrivateServer> readers_server_;
  std::unique_ptr<SystemBus> system_bus_;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Timer> last_timer_;
  std::unique_ptr<Timer> watchdog_timer_;
  std::unique_ptr<BeforePoll> before_poll_;
  std::unique_ptr<Signals> signals_;
  bool changed_ = true;  // since after_change()
  bool ending_ = false;
  bool anew_ = false;  // SIGUSR2 came, and waits for the end of a hand-over
};

}  // namespace schedkit
