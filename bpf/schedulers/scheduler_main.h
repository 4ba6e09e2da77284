// The user-space half of a scheduler of ours: command line, load, attach, sleep until a signal or the kernel's end of
// it, say why. It sleeps in poll() without any periodic wake-up (unless --stats asks for one).
//
// SIGTERM and SIGINT detach and exit 0. Until the scheduler is attached they keep their default action, so that a
// process parked in its attach call by a supervisor can be ended. When the kernel ends the scheduler with a request to
// restart (CPUs came or went), it is loaded and attached again in the same process.
//
// Output: "NAME: attached …" on stdout; errors and "EXIT: REASON (MESSAGE) [kind N, code 0x…]" on stderr.
// Exit status: 0 stopped by a signal or detached by user space, 1 usage, load or attach error, 2 ended by the kernel.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bpf/schedulers/attachment.h"

namespace schedkit {

struct Flag {
  const char* name;  // "--one-queue"
  const char* help;
  bool set = false;
};

struct SchedulerProgram {
  const char* name;
  const char* summary;  // one line for --help
  std::span<const std::byte> elf;
  std::vector<Flag> flags;
  // Fills in the settings before each load, as the command line says and the machine is then.
  std::function<Result<void>(bpf_object*, const SchedulerProgram&)> configure;

  // from the command line
  std::uint64_t slice_ns = 20'000'000;
  std::chrono::seconds stats{0};
  bool verbose = false;
};

int scheduler_main(SchedulerProgram scheduler, int argc, char** argv);

// The line that describes an end, without newline.
std::string describe(const exit_report& report);

}  // namespace schedkit
