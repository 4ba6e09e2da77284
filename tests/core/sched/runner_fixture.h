#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sched/crun_runner.h"
#include "tests/core/sched/loop_helpers.h"
#include "tests/core/sched/temporary_directory.h"

namespace schedkit {

// One run as its owner sees it.
struct Watched {
  std::unique_ptr<Run> run;
  int at_gate = 0;
  std::optional<Error> failed;
  std::optional<RunExit> exited;

  RunObserver observer();
  bool ended() const { return failed || exited; }
};

// A runner with a run directory and a root file system of its own, and looks at what is left in the machine.
class RunnerFixture {
 public:
  RunnerFixture();

  // Why containers cannot be run here; empty: they can.
  static std::string why_not();

  void open(
      IsSchedExtMap is_sched_ext = [](const UniqueFd&) { return true; },
      std::map<std::string, UniqueFd> kept_listeners = {});
  void start(Watched& watched, std::vector<std::string> arguments);
  RunRequest request(std::vector<std::string> arguments) const;

  bool until(const std::function<bool()>& done) { return run_until(loop, done); }
  bool until_line(const std::string& line);
  bool until_idle();
  bool printed(const std::string& line) const;

  // From the next open(): a runtime whose `start` returns only when let_start_return() was called.
  void make_start_linger();
  void let_start_return() const;

  // Everything that should not be there, one per line: files, processes, zombies.
  std::string traces() const;
  // Processes of runs in this run directory.
  std::vector<std::int32_t> processes() const;

  TemporaryDirectory directory;
  Loop loop;
  SystemClock clock;
  std::vector<std::string> lines;
  std::vector<std::string> forgotten;  // listeners that need not be kept any more
  std::unique_ptr<CrunRunner> runner;
  std::string runtime = "crun";

  std::string run_dir() const { return directory / "run"; }
  std::string rootfs() const { return directory / "rootfs"; }
};

}  // namespace schedkit
