// A dbus-daemon of a test's own, which it may kill and start again.
#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
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

  // Every user may connect, own and call, as long as polkit and the like are left to decide.
  void admit_everybody() {
    ::chmod(directory_.path().c_str(), 0755);
    configuration_ = directory_ / "bus.conf";
    (void)write_file_atomic(configuration_,
                            R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
      "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
      <busconfig><type>system</type><listen>)" +
                                address() + R"(</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/>
      <allow eavesdrop="true"/></policy></busconfig>)");
  }

  // Returns when it listens.
  bool start() {
    ::unlink((directory_ / "bus").c_str());
    std::array<int, 2> ready{};
    if (::pipe(ready.data()) != 0) return false;
    const std::string at = "--address=" + address();
    const std::string print = "--print-address=" + std::to_string(ready[1]);
    ::fcntl(ready[0], F_SETFD, FD_CLOEXEC);
    const std::string kind = configuration_.empty() ? "--session" : "--config-file=" + configuration_;
    char* arguments[] = {const_cast<char*>("dbus-daemon"), const_cast<char*>(kind.c_str()),
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
  std::string configuration_;
  pid_t pid_ = -1;
};

}  // namespace schedkit
