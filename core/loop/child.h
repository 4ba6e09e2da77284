#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/loop/loop.h"

namespace schedkit {

// How a program ended.
struct ChildExit {
  int status = 0;          // exit status, when signal is 0
  int signal = 0;          // the signal that ended it
  bool timed_out = false;  // it was killed because it took longer than ChildOptions::timeout
  std::string output;      // its standard output and error, at most ChildOptions::output_limit bytes, the beginning

  bool ok() const { return status == 0 && signal == 0 && !timed_out; }
};

struct ChildOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH
  std::vector<std::string> env;   // the whole environment, "KEY=value"; empty: ours
  std::string directory;
  int stdin_fd = -1;   // inherited as it is; -1: /dev/null
  int stdout_fd = -1;  // inherited as they are; -1: captured into ChildExit::output
  int stderr_fd = -1;
  Duration timeout{0};  // then SIGKILL; 0: none
  std::size_t output_limit = 64 * 1024;
};

// A helper program: started, waited for, its output kept. No other descriptor is inherited than those given.
class Child {
 public:
  // `exited` is called once, later, when the program has ended and (if captured) its output is closed or 100 ms have
  // passed since: a descendant may hold the pipe. It may destroy the Child. Destroying it earlier kills the program and
  // calls nobody.
  static Result<std::unique_ptr<Child>> start(Loop& loop, ChildOptions options, std::function<void(ChildExit)> exited);
  ~Child();

  int pid() const;

 private:
  struct Impl;
  explicit Child(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace schedkit
