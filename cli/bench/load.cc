#include "cli/bench/load.h"

#include <sched.h>

#include <algorithm>
#include <ctime>

namespace schedkit {

namespace {

Duration thread_cpu_time() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

}  // namespace

std::size_t usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

void compute(unsigned steps) {
  volatile unsigned value = steps;
  for (unsigned i = 0; i < steps; ++i) value = value * 1664525U + 1013904223U;
}

void burn(Duration cpu_time) {
  const Duration until = thread_cpu_time() + cpu_time;
  while (thread_cpu_time() < until) compute(1000);
}

Threads::Threads(std::size_t count, const Body& body) {
  for (std::size_t i = 0; i < count; ++i) threads_.emplace_back([this, body] { body(end_); });
}

Threads::~Threads() {
  end_ = true;
  for (auto& thread : threads_) thread.join();
}

BusyCpus::BusyCpus(std::size_t threads_per_cpu)
    : threads_(threads_per_cpu * usable_cpus(), [](const std::atomic<bool>& end) {
        while (!end) compute(1000);
      }) {}

}  // namespace schedkit
