// Runs schedulers in containers under crun, each behind an attach gate.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/timer.h"
#include "core/sched/container.h"
#include "core/sched/gate_server.h"
#include "core/sched/run.h"

namespace schedkit {

struct CrunRunnerOptions {
  std::string run_dir = "/run/schedkit";  // absolute; on a file system that does not outlive a boot
  std::string runtime_path = "crun";
  std::string cgroup_manager = "auto";  // cgroup.h
  IsSchedExtMap is_sched_ext;           // gate.h, sched_ext_map_of()
  // Each line that a scheduler prints, on the loop.
  std::function<void(const std::string& id, const RunRequest& request, const std::string& line)> on_line;
  // An attach call of a run is about to proceed; on the loop, and it must not come back to the runner.
  std::function<void()> on_attach;
  // Where listeners of attach gates outlive this process, and those that outlived an earlier one, by run. Without, what
  // waits at a gate fails when the process ends.
  ListenerKeeper listeners;
  std::map<std::string, UniqueFd> kept_listeners;
};

// The process must be a child subreaper (process_fd.h, become_subreaper()) for exit statuses to be known. Orphans of
// schedulers that become its children are reaped when a run ends; so nobody else in the process may rely on waiting for
// children other than through core/loop/child.h.
//
// When it is destroyed, what was abandoned lives on, and every other process of every run has been sent SIGKILL; wait
// for idle() before that to have their traces removed as well, else the next runner does it in adopt().
class CrunRunner final : public Runner {
 public:
  static Result<std::unique_ptr<CrunRunner>> create(Loop& loop, const Clock& clock, CrunRunnerOptions options);
  ~CrunRunner() override;

  std::unique_ptr<Run> start(RunRequest request, RunObserver observer) override;
  std::vector<std::unique_ptr<Run>> adopt(std::function<RunObserver(const std::string& id)> observe) override;

  // How runs are put into cgroups here.
  const CgroupPlan& cgroups() const { return host_.cgroups; }

  // The listeners of all gates there are, for an exec that hands them on.
  std::vector<std::pair<std::string, int>> listeners() const;

  // True when nothing is alive or being cleaned up but abandoned runs. `when_idle` calls once, from a later turn.
  bool idle() const;
  void when_idle(std::function<void()> call);

 private:
  class Handle;
  struct Entry {
    std::unique_ptr<Container> container;
    bool held = true;  // a Handle refers to it
    bool abandoned = false;
  };

  CrunRunner(Loop& loop, const Clock& clock, CrunRunnerOptions options);
  Result<void> open();
  std::string new_id(const RunRequest& request);
  std::unique_ptr<Run> adopt_one(const std::string& id,
                                 const std::function<RunObserver(const std::string& id)>& observe);
  void release(const std::string& id);
  void gone(const std::vector<std::int32_t>& zombies);
  void sweep();

  CrunRunnerOptions options_;
  ContainerHost host_;
  std::map<std::string, Entry> entries_;
  std::unique_ptr<GateServer> gates_;
  std::uint64_t last_number_ = 0;
  std::function<void()> when_idle_;
  Timer sweeping_;
};

}  // namespace schedkit
