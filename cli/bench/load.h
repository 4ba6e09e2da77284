// What workloads are made of.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/clock.h"

namespace schedkit {

// CPUs that this process may use; at least 1.
std::size_t usable_cpus();

// Computes until the calling thread has had that much CPU time.
void burn(Duration cpu_time);

// Computes for a fixed number of steps: the same work on each machine and under each scheduler.
void compute(unsigned steps);

// Threads that run `body` until they are told to end by the flag it gets. Ended and joined on destruction.
class Threads {
 public:
  using Body = std::function<void(const std::atomic<bool>& end)>;
  Threads(std::size_t count, const Body& body);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  std::atomic<bool> end_ = false;
  std::vector<std::thread> threads_;
};

// So many threads for each usable CPU that never sleep.
class BusyCpus {
 public:
  explicit BusyCpus(std::size_t threads_per_cpu = 1);

 private:
  Threads threads_;
};

}  // namespace schedkit
