// A machine with a kernel that has sched_ext and a schedkitd with nothing else to do, for benchmarks (in the VM): what the
// daemon does and the bare minimum of the same, by the kernel's uevents and one clock.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "core/bus/client.h"
#include "core/loop/fd_watch.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "core/sched/crun_runner.h"
#include "core/sched/kernel_linux.h"

namespace schedkit::bench {

using Json = nlohmann::json;

// A step that does not go as it should ends the benchmark.
struct Broken {
  std::string why;
};
template <class T>
T must(Result<T> result) {
  if (!result) throw Broken{result.error().describe()};
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
inline void must(bool held, const char* what) {
  if (!held) throw Broken{what};
}

// Above the schedulers that are exchanged, so that an event's time is taken when it comes. What is started is not.
void take_precedence();

double milliseconds(Duration time);

class Machine {
 public:
  // A container that the benchmark runs itself.
  struct Bare {
    std::unique_ptr<Run> run;
    Instant begun{};
    std::optional<Instant> at_gate;
    std::optional<std::string> ended;
  };

  static Result<std::unique_ptr<Machine>> create(const std::string& socket, std::string run_dir);

  // Runs the loop until `done`; false when it takes too long.
  bool until(const std::function<bool()>& done);
  void pause(Duration time);

  Json status();
  // Looks anew every 50 ms; not while something is measured.
  bool wait_status(const std::function<bool(const Json&)>& holds);
  static bool at_gate(const Json& status, const std::string& name);
  // The daemon runs nothing, and `standby` (unless empty) waits at the gate.
  void come_to_rest(const std::string& standby);

  // The daemon runs it: milliseconds from the call to the add uevent.
  Result<double> run(const std::string& scheduler);
  Result<void> automatic() { return client_.go_automatic(); }
  // What the daemon runs now, to be run bare.
  Result<RunRequest> request_of(const Json& status) const;

  // Returns when it is at the gate.
  Result<void> start(Bare& bare, const RunRequest& request);
  // Returns with the add uevent.
  Result<void> let_through(Bare& bare);
  // The same that the daemon does, on a thread of its own.
  Result<void> detach();
  void end(Bare& bare);
  // SysRq-S: milliseconds to the add uevent of whatever comes next.
  Result<double> eject();

  Loop& loop() { return loop_; }
  const Clock& clock() const { return clock_; }
  // Of the last add and remove uevent, the last call of detach() and of let_through().
  Instant added() const { return *added_; }
  Instant removed() const { return removed_; }
  Instant detached_at() const { return detached_at_; }
  Instant opened_at() const { return opened_at_; }

 private:
  Machine(Client client, std::string run_dir) : client_(std::move(client)), run_dir_(std::move(run_dir)) {}
  Result<void> open();
  void note_events();

  Loop loop_;
  SystemClock clock_;
  Client client_;
  const std::string run_dir_;
  std::unique_ptr<LinuxKernel> kernel_;
  std::unique_ptr<CrunRunner> runner_;
  UniqueFd uevents_;
  std::unique_ptr<FdWatch> watch_;
  std::optional<Instant> added_;
  Instant removed_{};
  Instant detached_at_{};
  Instant opened_at_{};
};

// What every benchmark on such a machine is told: --rounds N, --socket PATH, --run-dir PATH.
struct MachineOptions {
  std::size_t rounds = 40;
  std::string socket;
  std::string run_dir = "/run/schedkit";
};

// The main() of benchmark `name`: reads the options, skips (77) without sched_ext, and turns what goes wrong into
// status 2; 64 usage.
int benchmark_main(const char* name, int argc, char** argv, MachineOptions defaults,
                   const std::function<int(const MachineOptions&)>& run);

}  // namespace schedkit::bench
