// What rules cost: bench_engine [--events N]. For each number of rules: reading and checking their files, taking them
// into the engine, taking them again with one changed, an event that concerns no rule and one that switches, and resident
// memory. Half of the rules are about processes, the rest about cgroups, signals and time. Lines of JSON.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "config/check.h"
#include "config/parse.h"
#include "config/schema.h"
#include "core/policy/engine.h"

using namespace schedkit;

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

std::string condition_of(std::size_t number) {
  switch (number % 8) {
    case 1: return fmt::format("cgroup = {{ path = \"/build-{}.slice/**\" }}", number);
    case 3: return fmt::format("dbus-signal = {{ member = \"Began{}\", for = \"10s\" }}", number);
    case 5: return fmt::format("process = {{ comm = \"*-{}.exe\" }}", number);
    case 7:
      return fmt::format("time = {{ start = \"{:02}:{:02}\", end = \"{:02}:00\" }}", number % 12, number / 12 % 60,
                         13 + number % 10);
    default: return fmt::format("process = {{ comm = \"game-{}\" }}", number);
  }
}

std::string rule_of(std::size_t number) {
  return fmt::format("[[rules]]\nname = \"r{}\"\nuse = \"kernel\"\npriority = {}\nwhen.{}\n", number, number % 1000,
                     condition_of(number));
}

// As many files as 64 KiB each ask for.
std::vector<Candidate> files_of(std::size_t rules) {
  std::vector<Candidate> files;
  std::string text;
  for (std::size_t i = 0; i < rules; ++i) {
    text += rule_of(i);
    if (text.size() < largest_policy_file - 1024 && i + 1 < rules) continue;
    const auto name = fmt::format("f{}.toml", files.size());
    files.push_back({.name = name, .path = name, .current = parse_text(text, {name, name, PolicyLayer::admin})});
    text.clear();
  }
  return files;
}

template <class Work>
double microseconds(Work work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return Microseconds(std::chrono::steady_clock::now() - start).count();
}

long resident_kib() {
  std::ifstream file("/proc/self/statm");
  long total = 0;
  long resident = 0;
  file >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE) / 1024;
}

Process process_of(std::int32_t pid, const std::string& name) {
  Process process;
  process.id = {pid, 1};
  process.comm = process.exe_name = name;
  process.exe = "/usr/bin/" + name;
  return process;
}

void measure(std::size_t rules, int events) {
  const long before = resident_kib();
  Policy policy;
  std::size_t errors = 0;
  const double read = microseconds([&] {
    auto checked = check_policy(files_of(rules));
    for (const auto& outcome : checked.outcomes) errors += outcome.errors.size();
    policy = std::move(checked.policy);
  });
  if (errors > 0 || policy.rules.size() != rules) {
    std::fprintf(stderr, "bench_engine: the rules are not what they should be\n");
    std::exit(1);
  }
  Engine engine;
  Instant now{std::chrono::hours(1)};
  const double first = microseconds([&] { engine.replace(policy), (void)engine.decide(now); });
  policy.rules.back().priority = 1;
  const double reload = microseconds([&] { engine.replace(policy), (void)engine.decide(now); });
  const auto tell = [&](const Event& event) {
    now += std::chrono::milliseconds(1);
    engine.apply(event, now);
    (void)engine.decide(now);
  };
  const double none = microseconds([&] {
    for (int i = 0; i < events; ++i) tell(ProcessSeen{process_of(1 + i % 1000, i % 2 == 0 ? "bash" : "cc1plus")});
  });
  const double switching = microseconds([&] {
    for (int i = 0; i < events; ++i) {
      tell(ProcessSeen{process_of(5000, i % 2 == 0 ? "game-0" : "bash")});
    }
  });
  fmt::print(
      "{{\"bench\": \"engine\", \"rules\": {}, \"read_ms\": {:.2f}, \"first_ms\": {:.2f}, \"reload_ms\": {:.2f}, "
      "\"event_us\": {:.3f}, \"switch_us\": {:.3f}, \"resident_kib\": {}}}\n",
      rules, read / 1000, first / 1000, reload / 1000, none / events, switching / events, resident_kib() - before);
}

}  // namespace

int main(int argc, char** argv) {
  const bool given = argc == 3 && std::string_view(argv[1]) == "--events";
  const int events = given ? std::atoi(argv[2]) : 200'000;
  if ((argc != 1 && !given) || events <= 0) {
    std::fprintf(stderr, "usage: bench_engine [--events N]\n");
    return 64;
  }
  for (const std::size_t rules : {10, 100, 1000, 4096}) measure(rules, events);
}
