// A dbus-daemon of a test's own, which it may kill and start again.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <string>

#include "tests/core/sched/temporary_directory.h"

namespace schedkit {

class PrivateBus {
 public:
  PrivateBus() = default;
  ~PrivateBus() { kill(); }

  std::string address() const { return "unix:path=" + directory_ / "bus"; }

  // Returns when it listens.
  bool start() {
    ::unlink((directory_ / "bus").c_str());
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) return false;
    const std::string at = "--address=" + address();
    const std::string print = "--print-address=" + std::to_string(ready[1]);
    ::fcntl(ready[0], F_SETFD, FD_CLOEXEC);
    char* arguments[] = {const_cast<char*>("dbus-daemon"), const_cast<char*>("--session"),
                         const_cast<char*>("--nofork"),    const_cast<char*>(at.c_str()),
                         const_cast<char*>(print.c_str()), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    const bool spawned = ::posix_spawnp(&pid_, "dbus-daemon", &actions, nullptr, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    ::close(ready[1]);
    char byte = 0;
    const bool listens = spawned && ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
    return listens;
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
};

}  // namespace schedkit
