// The life of one container, from its directory to its last trace:
//
//   creating ── crun create, pidfd, record ──► starting ── crun start ──► running ── pidfd ──► ended
//       └──────────────── failed ────────────────┴──────────────────────────────────────────────┤
//                                                                                               ▼
//             gone ◄── directory removed ◄── crun delete ◄── processes that outlived the first killed
//
// The gate's listener comes when crun loads the seccomp filter: during `create`, or (with no_new_privs) after `start`,
// but always before the scheduler's program begins.
//
// Files: HOST.run_dir/run/ID (config.json, the FIFOs, pid, crun.log, record.json), HOST.run_dir/scx/ID (the container's
// /run/scx), HOST.run_dir/crun/ID (the runtime's own). The container's mount namespace is held open throughout, since
// its inode tells which processes belong to it and would otherwise be given to another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/unique_fd.h"
#include "core/loop/child.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/sched/cgroup.h"
#include "core/sched/gate.h"
#include "core/sched/output.h"
#include "core/sched/permissions.h"
#include "core/sched/run.h"
#include "core/sched/running_record.h"

namespace schedkit {

// Keeps descriptors of listeners beyond the daemon's end; both may be empty.
struct ListenerKeeper {
  std::function<void(const std::string& id, const UniqueFd& listener)> keep;
  std::function<void(const std::string& id)> forget;
};

// What all containers of a runner share.
struct ContainerHost {
  ContainerHost(Loop& the_loop, const Clock& the_clock) : loop(the_loop), clock(the_clock) {}

  Loop& loop;
  const Clock& clock;
  std::string run_dir;
  std::string gate_socket;
  std::string runtime;
  CgroupPlan cgroups;
  Permissions permissions;
  unsigned cpus = 1;
  IsSchedExtMap is_sched_ext;
  std::function<void(const std::string& id, const RunRequest& request, const std::string& line)> on_line;
  std::function<void()> on_attach;  // an attach call is about to proceed
  ListenerKeeper listeners;
  // Called once per container, on the loop and as its last act: nothing of it is left. `zombies` are children of ours
  // that were dead before the runtime's last command ended, so whoever waits for children has had its chance.
  std::function<void(const std::string& id, const std::vector<std::int32_t>& zombies)> on_gone;
};

class Container {
 public:
  // Begins to start. Everything that can go wrong is told to `observer` later.
  Container(ContainerHost& host, std::string id, RunRequest request, RunObserver observer);
  // Takes over one that an earlier daemon started and whose process is alive; call adopt() next.
  Container(ContainerHost& host, RunningRecord record);
  ~Container();

  void start();
  // Fails when the process has gone meanwhile; then clean_up() is left to do.
  Result<void> adopt(RunObserver observer);
  // Removes what is left of a container of which nothing runs.
  void clean_up();

  void take_listener(UniqueFd listener);
  // After adopt(): the listener that an earlier daemon had. A call that is parked there and that the record does not
  // name can never be answered: then the run is killed.
  void take_over_listener(UniqueFd listener);
  // Null until it came.
  const UniqueFd* listener() const { return gate_ ? &gate_->listener() : nullptr; }

  // From now on nobody is told anything.
  void silence() { observer_ = {}; }
  void stop(Duration grace);
  void kill();
  // The same without waiting for anything, when there is no loop any more. The next daemon clears up.
  void kill_now();

  bool waits_at_gate() const { return gate_ && gate_->waiting(); }
  Result<void> open_gate();
  void keep_gate_open(bool open);
  bool owns(std::int32_t pid) const;
  std::vector<std::string> output() const;

  const RunningRecord& record() const { return record_; }
  bool is_live() const { return phase_ != Phase::ended && phase_ != Phase::gone; }
  // The process of the runtime's command under way, which libuv reaps; 0 if none.
  std::int32_t runtime_pid() const { return runtime_ ? runtime_->pid() : 0; }
  bool is_gone() const { return phase_ == Phase::gone; }

 private:
  enum class Phase { creating, starting, running, ended, gone };

  std::string directory() const { return host_.run_dir + "/run/" + record_.id; }
  std::string scx_directory() const { return host_.run_dir + "/scx/" + record_.id; }
  Result<void> prepare();
  Result<void> create();
  void created(const ChildExit& exit);
  void begin_run();
  Result<void> find_process();
  Result<void> watch_process();
  Result<void> begin_start();
  void start_ended(const ChildExit& exit);
  void process_ended();
  void ask_to_end();
  GateObserver gate_observer();
  void drop_gate();
  void tell_exited();
  void fail_run(Error error);
  // A command line of the runtime for this container, `command` and what follows it excepted.
  std::vector<std::string> runtime_words(const char* command) const;
  Error runtime_error(const char* what, const ChildExit& exit) const;
  void kill_all(std::int32_t keep, std::function<void()> then);
  void delete_container();
  void remove_files();

  ContainerHost& host_;
  RunningRecord record_;
  RunObserver observer_;
  Phase phase_ = Phase::creating;
  bool stopping_ = false;  // stop() was called
  bool doomed_ = false;    // kill() was called
  bool keep_gate_open_ = false;
  std::shared_ptr<UniqueFd> namespace_;                   // shared with jobs of the pool that rely on its inode
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // jobs of the pool hold it weakly as their way back
  UniqueFd process_;
  std::vector<std::int32_t> zombies_;
  Timer timer_;  // until SIGKILL
  Timer later_;  // for a failure to tell, or the listener to come
  std::unique_ptr<Output> output_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<FdWatch> process_watch_;
  std::unique_ptr<Child> runtime_;  // the command under way
  bool process_has_ended_ = false;
  RunExit exit_;
};

}  // namespace schedkit
