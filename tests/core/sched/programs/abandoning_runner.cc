// A daemon in little, to be killed: runs one scheduler until it dies itself. RUN_DIR ROOTFS ARGUMENT…
// Prints "listener ID FD" and "at gate" when it is, and each line of the scheduler as "ID: LINE".
#include <cstdio>

#include "core/sched/crun_runner.h"
#include "core/sched/process_fd.h"

using namespace schedkit;

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  if (!become_subreaper()) return 1;
  Loop loop;
  SystemClock clock;
  CrunRunnerOptions options;
  options.run_dir = argv[1];
  options.is_sched_ext = [](const UniqueFd&) { return true; };
  options.on_line = [](const std::string& id, const RunRequest&, const std::string& line) {
    std::printf("%s: %s\n", id.c_str(), line.c_str());
  };
  options.listeners.keep = [](const std::string& id, const UniqueFd& listener) {
    std::printf("listener %s %d\n", id.c_str(), listener.get());
  };
  auto runner = CrunRunner::create(loop, clock, std::move(options));
  if (!runner) return 2;
  RunRequest request;
  request.choice.scheduler = Scheduler{};
  request.choice.scheduler->name = "left";
  request.image.rootfs = argv[2];
  request.image.entrypoint = {"/scheduler"};
  request.image.command.assign(argv + 3, argv + argc);
  RunObserver observer;
  observer.at_gate = [] { std::printf("at gate\n"); };
  observer.failed = [](const Error& error) { std::printf("failed: %s\n", error.text.c_str()); };
  const auto run = (*runner)->start(request, observer);
  for (;;) loop.run_once(true);
}
