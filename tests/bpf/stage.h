// What the tests of process sources have in common: processes that do as they are told, and a watcher that writes down
// what a source says of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/unique_fd.h"
#include "core/loop/loop.h"
#include "core/policy/trigger_source.h"

namespace schedkit::tests {

// Runs turns of the loop until `done` or a generous limit; false then.
bool run_until(Loop& loop, const std::function<bool()>& done);

// A directory with copies of tests/bpf/actor.cc under other names; removed in the end.
class Stage {
 public:
  Stage();
  ~Stage();

  // The path of a copy (a hard link) called `name`; made when missing.
  std::string program(const std::string& name);
  std::string link(const std::string& name, const std::string& target);
  std::string script(const std::string& name);
  const std::string& directory() const { return directory_; }

 private:
  std::string directory_;
};

// One such process. Destroying it ends it.
class Actor {
 public:
  explicit Actor(const std::string& path, int executable_fd = -1);
  ~Actor();
  Actor(Actor&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), input_(std::move(other.input_)), output_(std::move(other.output_)) {}

  int pid() const { return pid_; }
  // Tells it what to do and waits for the answer (or, of verbs without one, the end of its output).
  void tell(const std::string& line);
  // Ends it and waits until it is gone.
  void end();

 private:
  void await();

  int pid_ = -1;
  UniqueFd input_;
  UniqueFd output_;
};

// Applies a source's events and keeps them as text: "seen COMM EXE_NAME", "gone".
class Watcher {
 public:
  Watcher(Loop& loop, std::unique_ptr<TriggerSource> source) : loop_(loop), source_(std::move(source)) {}

  Result<void> start(const ProcessFilter& filter);
  Result<void> watch(const ProcessFilter& filter);
  TriggerSource& source() { return *source_; }

  // Whether `pid` becomes known under these names in time; exe "" is any.
  bool sees(int pid, const std::string& comm, const std::string& exe = "");
  bool misses(int pid);

  const std::map<int, Process>& processes() const { return processes_; }
  const std::vector<std::string>& log(int pid) { return log_[pid]; }
  int snapshots() const { return snapshots_; }

 private:
  void apply(Event event);

  Loop& loop_;
  std::map<int, Process> processes_;
  std::map<int, std::vector<std::string>> log_;
  int snapshots_ = 0;
  std::unique_ptr<TriggerSource> source_;
};

}  // namespace schedkit::tests
