#include "tests/bpf/stage.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>

#include "core/base/file.h"
#include "core/loop/timer.h"

#include <CppUTest/TestHarness.h>

namespace schedkit::tests {

bool run_until(Loop& loop, const std::function<bool()>& done) {
  bool late = false;
  Timer limit(loop);
  limit.set(std::chrono::seconds(20), [&] { late = true; });
  while (!done() && !late) loop.run_once(true);
  return done();
}

Stage::Stage() {
  std::string pattern = "/tmp/schedkit-stage.XXXXXX";
  CHECK(::mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
}

Stage::~Stage() { static_cast<void>(remove_tree(directory_)); }

std::string Stage::program(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  if (::access(path.c_str(), X_OK) == 0) return path;
  std::ifstream from(ACTOR, std::ios::binary);
  std::ofstream to(path, std::ios::binary);
  to << from.rdbuf();
  to.close();
  CHECK(to && ::chmod(path.c_str(), 0755) == 0);
  return path;
}

std::string Stage::link(const std::string& name, const std::string& target) {
  const std::string path = directory_ + "/" + name;
  CHECK(::symlink(target.c_str(), path.c_str()) == 0);
  return path;
}

std::string Stage::script(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  std::ofstream(path) << "#!/bin/sh\necho done\nread line\n";
  CHECK(::chmod(path.c_str(), 0755) == 0);
  return path;
}

// fork and exec, since posix_spawn cannot start from a descriptor.
Actor::Actor(const std::string& path, int executable_fd) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  CHECK(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0);
  pid_ = ::fork();
  if (pid_ == 0) {
    std::array<char*, 2> arguments{const_cast<char*>(path.c_str()), nullptr};
    std::array<char*, 1> environment{nullptr};
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    if (executable_fd >= 0) ::fexecve(executable_fd, arguments.data(), environment.data());
    ::execve(path.c_str(), arguments.data(), environment.data());
    ::_exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  input_.reset(in[1]);
  output_.reset(out[0]);
  CHECK(pid_ > 0);
  await();
}

Actor::~Actor() { end(); }

void Actor::await() {
  char byte = 0;
  while (::read(output_.get(), &byte, 1) == 1 && byte != '\n') {
  }
}

void Actor::tell(const std::string& line) {
  const std::string text = line + "\n";
  CHECK(::write(input_.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  await();
}

void Actor::end() {
  input_.reset();
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<void> Watcher::start(const ProcessFilter& filter) {
  return source_->start({.processes = filter}, [this](Event event) { apply(std::move(event)); });
}

Result<void> Watcher::watch(const ProcessFilter& filter) { return source_->watch({.processes = filter}); }

void Watcher::apply(Event event) {
  if (auto* seen = std::get_if<ProcessSeen>(&event)) {
    const int pid = seen->process.id.pid;
    log_[pid].push_back("seen " + seen->process.comm + " " + seen->process.exe_name);
    processes_[pid] = std::move(seen->process);
  } else if (const auto* gone = std::get_if<ProcessGone>(&event)) {
    log_[gone->id.pid].push_back("gone");
    processes_.erase(gone->id.pid);
  } else {
    ++snapshots_;
    processes_.clear();
    for (auto& process : std::get<ProcessSnapshot>(event).processes) processes_[process.id.pid] = std::move(process);
  }
}

bool Watcher::sees(int pid, const std::string& comm, const std::string& exe) {
  return run_until(loop_, [&] {
    const auto found = processes_.find(pid);
    return found != processes_.end() && found->second.comm == comm && (exe.empty() || found->second.exe_name == exe);
  });
}

bool Watcher::misses(int pid) {
  return run_until(loop_, [&] { return !processes_.contains(pid); });
}

}  // namespace schedkit::tests
