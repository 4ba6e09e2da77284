// From exec to decision, and what processes that no rule can match cost the daemon: nothing.
//
//   bench_reaction [--latency N] [--storm N]
//
// Latency: N programs that a rule matches are started, and as many that only a bare ring-buffer reader with its own
// epoll waits for, in turns. Both are measured from the exec as the kernel saw it, the first to the engine's decision
// in the real loop. The goal is a ratio of at most 2 at p50. Storm: N programs that match nothing; a single wake-up of
// the loop fails. Exit status: 0, 1 when the storm woke the loop, 2 when the machine does not allow the measurement.
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <thread>

#include "bpf/process_watch.h"
#include "core/base/text.h"
#include "core/base/unique_fd.h"
#include "core/loop/before_poll.h"
#include "core/loop/timer.h"
#include "core/policy/engine.h"
#include "tests/bench/reaction.skel.h"

using namespace schedkit;

namespace {

std::int64_t monotonic() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

int spawn_and_wait(const std::string& path) {
  char* arguments[] = {const_cast<char*>(path.c_str()), nullptr};
  pid_t pid = 0;
  if (::posix_spawn(&pid, path.c_str(), nullptr, nullptr, arguments, environ) != 0) return -1;
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

struct Percentiles {
  double p50 = 0;
  double p99 = 0;
};

Percentiles percentiles(std::vector<std::int64_t> values) {
  if (values.empty()) return {};
  std::ranges::sort(values);
  return {static_cast<double>(values[values.size() / 2]) / 1e3,
          static_cast<double>(values[values.size() * 99 / 100]) / 1e3};
}

Policy games_policy() {
  Scheduler scheduler;
  scheduler.name = "lavd";
  Rule rule;
  rule.file = "bench.toml";
  rule.name = "games";
  rule.use.scheduler = scheduler;
  rule.linger = Duration{0};
  ProcessCondition condition;
  condition.comm.globs = {"skb0"};
  rule.when = {{Condition{condition}}};
  Policy policy;
  policy.rules = {rule};
  return policy;
}

// The bare side: a skeleton, a ring buffer and epoll in a thread of its own.
class BareReader {
 public:
  explicit BareReader(std::atomic<int>& answered) : answered_(answered) {}
  ~BareReader() {
    stop_ = true;
    if (thread_.joinable()) {
      const std::uint64_t one = 1;
      static_cast<void>(!::write(wake_[1], &one, sizeof(one)));
      thread_.join();
    }
    ring_buffer__free(ring_);
    reaction_bpf__destroy(skeleton_);
  }

  bool start() {
    skeleton_ = reaction_bpf__open_and_load();
    if (skeleton_ == nullptr || reaction_bpf__attach(skeleton_) != 0 || ::pipe2(wake_, O_CLOEXEC) != 0) return false;
    const auto receive = [](void* self, void*, size_t) noexcept -> int {
      auto* reader = static_cast<BareReader*>(self);
      reader->latencies.push_back(monotonic() - static_cast<std::int64_t>(reader->happened()));
      ++reader->answered_;
      reader->answered_.notify_one();
      return 0;
    };
    ring_ = ring_buffer__new(bpf_map__fd(skeleton_->maps.bare_ring), receive, this, nullptr);
    if (ring_ == nullptr) return false;
    thread_ = std::thread([this] { run(); });
    return true;
  }

  std::uint64_t happened() const { return skeleton_->bss->happened; }
  std::vector<std::int64_t> latencies;

 private:
  void run() {
    const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : {ring_buffer__epoll_fd(ring_), wake_[0]}) {
      epoll_event event{};
      event.events = EPOLLIN;
      ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event);
    }
    while (!stop_) {
      epoll_event event{};
      if (::epoll_wait(epoll.get(), &event, 1, -1) > 0) ring_buffer__consume(ring_);
    }
  }

  std::atomic<int>& answered_;
  std::atomic<bool> stop_ = false;
  reaction_bpf* skeleton_ = nullptr;
  ring_buffer* ring_ = nullptr;
  int wake_[2] = {-1, -1};
  std::thread thread_;
};

void print_latency(const char* what, const Percentiles& value, std::size_t count) {
  fmt::print("{:<32} n={} p50={:.1f} us p99={:.1f} us\n", what, count, value.p50, value.p99);
  fmt::print("{{\"bench\":\"reaction\",\"what\":\"{}\",\"n\":{},\"p50_us\":{:.1f},\"p99_us\":{:.1f}}}\n", what, count,
             value.p50, value.p99);
}

// Starts `games` and `bare` in turns in a thread while the loop runs; each start waits until the former was answered.
int measure_latency(int count, const std::string& directory) {
  const SystemClock clock;
  Loop loop;
  std::atomic<int> answered = 0;
  BareReader bare(answered);
  if (!bare.start()) {
    fmt::print("bench_reaction: cannot load the bare reader\n");
    return 2;
  }
  Engine engine;
  engine.replace(games_policy());
  std::vector<std::int64_t> full;
  auto source = ProcessWatch::create(loop, clock);
  if (!source) {
    fmt::print("bench_reaction: {}\n", source.error().describe());
    return 2;
  }
  const auto started = (*source)->start({.processes = process_filter(engine.policy())}, [&](Event event) {
    engine.apply(event, clock.now());
    const Decision decision = engine.decide(clock.now());
    if (decision.choice.is_kernel() || !std::holds_alternative<ProcessSeen>(event)) return;
    full.push_back(monotonic() - static_cast<std::int64_t>(bare.happened()));
    ++answered;
    answered.notify_one();
  });
  if (!started) return 2;
  std::atomic<bool> done = false;
  std::thread starter([&] {
    for (int i = 0; i < 2 * count; ++i) {
      spawn_and_wait(directory + (i % 2 == 0 ? "/skb0" : "/skb1"));
      for (int seen = answered; seen <= i; seen = answered) answered.wait(seen);
    }
    done = true;
    spawn_and_wait(directory + "/skb0");  // wakes the loop, which then sees `done`
  });
  while (!done) loop.run_once(true);
  starter.join();
  full.resize(std::min<std::size_t>(full.size(), static_cast<std::size_t>(count)));
  const auto mine = percentiles(full);
  const auto least = percentiles(bare.latencies);
  print_latency("exec to decision", mine, full.size());
  print_latency("exec to bare reader", least, bare.latencies.size());
  fmt::print("ratio at p50 {:.2f}, at p99 {:.2f} (goal: at most 2 at p50)\n", mine.p50 / least.p50,
             mine.p99 / least.p99);
  fmt::print("{{\"bench\":\"reaction\",\"what\":\"ratio\",\"p50\":{:.3f},\"p99\":{:.3f}}}\n", mine.p50 / least.p50,
             mine.p99 / least.p99);
  return 0;
}

// The loop waits without a limit while a child starts the programs; the child's end is all that may wake it.
int measure_storm(int count) {
  const SystemClock clock;
  Loop loop;
  auto source = ProcessWatch::create(loop, clock);
  if (!source) {
    fmt::print("bench_reaction: {}\n", source.error().describe());
    return 2;
  }
  if (!(*source)->start({.processes = process_filter(games_policy())}, [](const Event&) {})) return 2;
  const std::uint64_t delivered_before = (*source)->status().delivered;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return 2;
  const UniqueFd end(ends[0]);
  const auto begin = monotonic();
  const pid_t child = ::fork();
  if (child == 0) {
    for (int i = 0; i < count; ++i) {
      if (spawn_and_wait("/bin/true") != 0) ::_exit(1);
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  bool over = false;
  std::uint64_t turns = 0;
  BeforePoll count_turns(loop, [&] { ++turns; });
  auto watch = FdWatch::create(loop, end.get(), [&](FdWatch::Ready) { over = true; });
  if (!watch) return 2;
  (*watch)->want_readable();
  while (!over) loop.run_once(true);
  int status = 0;
  ::waitpid(child, &status, 0);
  const auto seconds = static_cast<double>(monotonic() - begin) / 1e9;
  const auto after = (*source)->status();
  const bool quiet =
      status == 0 && turns == 1 && after.wakeups == 0 && after.delivered == delivered_before && after.lost == 0;
  fmt::print(
      "storm of {} execs that match nothing: {:.1f} s, {} wake-ups of the source, {} turns of the loop (1 is the "
      "end)\n",
      count, seconds, after.wakeups, turns);
  fmt::print(
      "{{\"bench\":\"reaction\",\"what\":\"storm\",\"n\":{},\"seconds\":{:.2f},\"wakeups\":{},\"turns\":{},\"ok\":{}}}"
      "\n",
      count, seconds, after.wakeups, turns, quiet);
  return quiet ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, int> counts = {{"--latency", 2000}, {"--storm", 20000}};
  for (int i = 1; i + 1 < argc; i += 2) {
    const auto value = parse_unsigned(argv[i + 1]);
    if (!counts.contains(argv[i]) || !value) {
      std::cerr << "usage: bench_reaction [--latency N] [--storm N]\n";
      return 64;
    }
    counts[argv[i]] = static_cast<int>(*value);
  }
  if (::geteuid() != 0) {
    std::cout << "bench_reaction: SKIPPED: needs root to load BPF programs\n";
    return 77;
  }
  std::string directory = "/tmp/schedkit-reaction.XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) return 2;
  for (const char* name : {"skb0", "skb1"}) std::filesystem::copy_file("/bin/true", directory + "/" + name);
  int result = 0;
  if (counts["--storm"] > 0) result = measure_storm(counts["--storm"]);
  if (counts["--latency"] > 0) result = std::max(result, measure_latency(counts["--latency"], directory));
  std::filesystem::remove_all(directory);
  return result;
}
