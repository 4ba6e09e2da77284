#include "bpf/schedulers/scheduler_main.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "core/base/text.h"
#include "core/base/unique_fd.h"

namespace schedkit {

namespace {

enum ExitStatus { exit_clean = 0, exit_error = 1, exit_ejected = 2 };
enum class End { signal, detached, restart, ejected };

using Clock = std::chrono::steady_clock;

long long milliseconds_since(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

void print_help(const SchedulerProgram& scheduler) {
  fmt::print("Usage: {} [OPTIONS]\n{}\n\n", scheduler.name, scheduler.summary);
  fmt::print("  --slice-us N      longest time on a CPU while others wait, 100 to 100000 (default 20000)\n");
  fmt::print("  --stats SECONDS   print counters every so many seconds, 1 to 3600\n");
  for (const auto& flag : scheduler.flags) fmt::print("  {:<17} {}\n", flag.name, flag.help);
  fmt::print("  --verbose         print what libbpf does\n");
  fmt::print("  --version, --help\n\n");
  fmt::print("Runs until SIGTERM or SIGINT. Exit status: 0 stopped or detached, 1 usage, load or attach error,\n");
  fmt::print("2 ended by the kernel (the reason is on stderr).\n");
}

Result<std::uint64_t> number_of(std::string_view option, const char* text, std::uint64_t low, std::uint64_t high) {
  if (!text) return fail(Errc::invalid, "{} needs a value from {} to {}", option, low, high);
  auto number = parse_unsigned(text);
  if (number && *number >= low && *number <= high) return *number;
  return fail(Errc::invalid, "{}: {} is not a number from {} to {}", option, quote(text), low, high);
}

Result<void> parse(SchedulerProgram& scheduler, std::span<char*> args) {
  for (std::size_t i = 0; i < args.size(); i++) {
    std::string_view name = args[i];
    auto flag = std::ranges::find_if(scheduler.flags, [&](const Flag& one) { return name == one.name; });
    if (flag != scheduler.flags.end()) {
      flag->set = true;
      continue;
    }
    if (name == "--verbose") {
      scheduler.verbose = true;
      continue;
    }
    bool is_slice = name == "--slice-us";
    if (!is_slice && name != "--stats") return fail(Errc::invalid, "unknown option {}; see --help", quote(name));
    const char* value = i + 1 < args.size() ? args[++i] : nullptr;
    auto number = is_slice ? number_of(name, value, 100, 100'000) : number_of(name, value, 1, 3600);
    if (!number) return fail(number.error());
    if (is_slice)
      scheduler.slice_ns = *number * 1000;
    else
      scheduler.stats = std::chrono::seconds(*number);
  }
  return {};
}

void print_counters(const SchedulerProgram& scheduler, const scheduler_counters& counters) {
  fmt::print("{}: direct {} queued {} stolen {}\n", scheduler.name, counters.direct, counters.queued, counters.stolen);
  fflush(stdout);
}

End classify(const exit_report& report) {
  bool restart = static_cast<__u64>(report.code) & SCHEDKIT_ECODE_ACT_RESTART;
  if (report.kind < SCHEDKIT_EXIT_ERROR && restart) return End::restart;
  if (report.kind == SCHEDKIT_EXIT_UNREG || report.kind == SCHEDKIT_EXIT_UNREG_BPF) return End::detached;
  return End::ejected;
}

// Sleeps until the end, detaches if that was a signal, and prints why.
End wait_for_end(const SchedulerProgram& scheduler, Attachment& attachment, int signals, int timer) {
  pollfd fds[] = {{signals, POLLIN, 0}, {attachment.exit_fd(), POLLIN, 0}, {timer, POLLIN, 0}};
  std::optional<exit_report> report;
  bool stop = false;
  while (!report && !stop) {
    if (poll(fds, 3, -1) < 0 && errno != EINTR) break;
    stop = fds[0].revents != 0;
    report = attachment.exit_report_now();
    std::uint64_t ticks;
    if (fds[2].revents && read(timer, &ticks, sizeof ticks) == sizeof ticks)
      print_counters(scheduler, attachment.counters());
  }
  attachment.detach();
  if (!report) report = attachment.exit_report_now();
  if (scheduler.stats.count()) print_counters(scheduler, attachment.counters());
  if (report) fmt::print(stderr, "{}\n", describe(*report));
  if (stop || !report) return End::signal;
  return classify(*report);
}

Result<std::unique_ptr<Attachment>> start(const SchedulerProgram& scheduler) {
  auto begin = Clock::now();
  auto attachment = Attachment::load(
      scheduler.elf, [&](bpf_object* object, sched_ext_ops*) { return scheduler.configure(object, scheduler); });
  if (!attachment) return attachment;
  auto load_time = milliseconds_since(begin);
  auto attach_begin = Clock::now();
  if (auto ok = (*attachment)->attach(); !ok) return fail(ok.error());
  fmt::print("{}: attached (load {} ms, attach {} ms)\n", scheduler.name, load_time, milliseconds_since(attach_begin));
  fflush(stdout);
  return attachment;
}

int run(const SchedulerProgram& scheduler) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  signal(SIGPIPE, SIG_IGN);  // a reader of our output that goes away must not end the scheduler
  UniqueFd signals(signalfd(-1, &ends, SFD_CLOEXEC));
  UniqueFd timer;
  if (scheduler.stats.count()) {
    itimerspec interval{{scheduler.stats.count(), 0}, {scheduler.stats.count(), 0}};
    timer.reset(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
    timerfd_settime(timer.get(), 0, &interval, nullptr);
  }
  for (;;) {
    sigprocmask(SIG_UNBLOCK, &ends, nullptr);
    auto attachment = start(scheduler);
    if (!attachment) {
      fmt::print(stderr, "{}: {}\n", scheduler.name, attachment.error().describe());
      return exit_error;
    }
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    switch (wait_for_end(scheduler, **attachment, signals.get(), timer.get())) {
      case End::signal:
      case End::detached: return exit_clean;
      case End::ejected: return exit_ejected;
      case End::restart: fmt::print("{}: the kernel asks for a restart\n", scheduler.name); fflush(stdout);
    }
  }
}

}  // namespace

std::string describe(const exit_report& report) {
  std::string text = fmt::format("EXIT: {}", report.reason);
  if (report.message[0]) text += fmt::format(" ({})", report.message);
  text += fmt::format(" [kind {}", report.kind);
  if (report.code) text += fmt::format(", code {:#x}", static_cast<std::uint64_t>(report.code));
  return text + "]";
}

int scheduler_main(SchedulerProgram scheduler, int argc, char** argv) {
  std::span<char*> args(argv + 1, argc > 0 ? static_cast<std::size_t>(argc - 1) : 0);
  auto has = [&](std::string_view name) { return std::ranges::any_of(args, [&](char* arg) { return name == arg; }); };
  if (has("--help")) {
    print_help(scheduler);
    return exit_clean;
  }
  if (has("--version")) {
    fmt::print("{} {} (libbpf {})\n", scheduler.name, SCHEDKIT_VERSION, libbpf_version_string() + 1);
    return exit_clean;
  }
  if (auto ok = parse(scheduler, args); !ok) {
    fmt::print(stderr, "{}: {}\n", scheduler.name, ok.error().describe());
    return exit_error;
  }
  print_libbpf_messages(scheduler.verbose);
  return run(scheduler);
}

}  // namespace schedkit
