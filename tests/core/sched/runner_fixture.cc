#include "tests/core/sched/runner_fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "core/base/file.h"
#include "core/base/text.h"
#include "core/sched/process_fd.h"

namespace schedkit {

RunObserver Watched::observer() {
  RunObserver observer;
  observer.at_gate = [this] { ++at_gate; };
  observer.failed = [this](Error error) { failed = std::move(error); };
  observer.exited = [this](RunExit exit) { exited = std::move(exit); };
  return observer;
}

std::string RunnerFixture::why_not() {
  if (::geteuid() != 0) return "skipped: containers need root";
  if (std::system("crun --version > /dev/null 2>&1") != 0) return "skipped: crun is not installed";
  if (std::system("unshare --mount true > /dev/null 2>&1") != 0) return "skipped: mount namespaces are not permitted";
  return "";
}

RunnerFixture::RunnerFixture() {
  (void)become_subreaper();
  (void)make_directories(rootfs());
  std::filesystem::copy_file(SCHEDULER_PROGRAM, rootfs() + "/scheduler");
}

void RunnerFixture::open(IsSchedExtMap is_sched_ext, std::map<std::string, UniqueFd> kept_listeners) {
  runner.reset();
  CrunRunnerOptions options;
  options.run_dir = run_dir();
  options.runtime_path = runtime;
  options.is_sched_ext = std::move(is_sched_ext);
  options.on_line = [this](const std::string&, const RunRequest&, const std::string& line) { lines.push_back(line); };
  options.listeners.forget = [this](const std::string& id) { forgotten.push_back(id); };
  options.kept_listeners = std::move(kept_listeners);
  auto made = CrunRunner::create(loop, clock, std::move(options));
  if (made) runner = std::move(*made);
}

RunRequest RunnerFixture::request(std::vector<std::string> arguments) const {
  RunRequest request;
  request.choice.scheduler = Scheduler{};
  request.choice.scheduler->name = "Test_1";
  request.choice.args = std::move(arguments);
  request.image.rootfs = rootfs();
  request.image.entrypoint = {"/scheduler"};
  return request;
}

void RunnerFixture::start(Watched& watched, std::vector<std::string> arguments) {
  watched.run = runner->start(request(std::move(arguments)), watched.observer());
}

bool RunnerFixture::printed(const std::string& line) const {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

bool RunnerFixture::until_line(const std::string& line) {
  return until([&] { return printed(line); });
}

bool RunnerFixture::until_idle() {
  bool called = false;
  runner->when_idle([&] { called = true; });
  return until([&] { return called; });
}

void RunnerFixture::make_start_linger() {
  runtime = directory / "lingering-crun";
  const std::string script =
      "#!/bin/sh\n"
      "crun \"$@\"; status=$?\n"
      "case \" $* \" in *\" start \"*) until [ -e " +
      (directory / "return") +
      " ]; do sleep 0.01; done ;; esac\n"
      "exit $status\n";
  (void)write_file_atomic(runtime, script);
  (void)::chmod(runtime.c_str(), 0700);
}

void RunnerFixture::let_start_return() const { (void)write_file_atomic(directory / "return", ""); }

std::vector<std::int32_t> RunnerFixture::processes() const {
  std::vector<std::int32_t> found;
  for (const auto pid : all_processes()) {
    const auto mounts = read_file("/proc/" + std::to_string(pid) + "/mountinfo", 1 << 20);
    if (mounts && mounts->find(directory.path()) != std::string::npos) found.push_back(pid);
  }
  return found;
}

std::string RunnerFixture::traces() const {
  std::string text;
  for (const char* part : {"/run", "/scx", "/crun"}) {
    for (const auto& entry : std::filesystem::directory_iterator(run_dir() + part))
      text += entry.path().string() + "\n";
  }
  for (const auto pid : processes()) text += "process " + std::to_string(pid) + "\n";
  for (const auto pid : zombie_children()) text += "zombie " + std::to_string(pid) + "\n";
  return text;
}

}  // namespace schedkit
