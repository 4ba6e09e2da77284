#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "cli/bench/load.h"
#include "cli/bench/workload.h"
#include "core/base/unique_fd.h"

namespace schedkit {

namespace {

constexpr unsigned steps_of_a_message = 20000;
constexpr std::size_t stations_per_cpu = 4;
constexpr std::size_t stations_per_message = 2;

struct Pipe {
  UniqueFd read, write;

  static Result<Pipe> make() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno(errno, "cannot make a pipe");
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
};

// A ring of threads that pass messages on, and work a little on each.
class Ring {
 public:
  static Result<Ring> make(std::size_t stations) {
    Ring ring;
    for (std::size_t i = 0; i < stations; ++i) {
      auto pipe = Pipe::make();
      if (!pipe) return fail(std::move(pipe.error()));
      ring.pipes_.push_back(std::move(*pipe));
    }
    return ring;
  }

  std::size_t stations() const { return pipes_.size(); }

  // Ends when its pipe's other end is closed.
  void pass_on(std::size_t station, std::atomic<std::uint64_t>& passed) {
    const int out = pipes_[(station + 1) % pipes_.size()].write.get();
    char message = 0;
    while (::read(pipes_[station].read.get(), &message, 1) == 1 && message != 0) {
      compute(steps_of_a_message);
      ++passed;
      if (::write(out, &message, 1) != 1) return;
    }
  }

  void put_in(std::size_t station, char message) { (void)!::write(pipes_[station].write.get(), &message, 1); }

 private:
  std::vector<Pipe> pipes_;
};

}  // namespace

Result<Samples> measure_mix(Duration duration, const BenchPause& pause) {
  auto ring = Ring::make(stations_per_cpu * usable_cpus());
  if (!ring) return fail(std::move(ring.error()));
  std::atomic<std::uint64_t> passed = 0;
  std::atomic<std::size_t> next = 0;
  const Instant begun = std::chrono::steady_clock::now();
  std::uint64_t counted = 0;
  Duration took{0};
  {
    const BusyCpus busy;
    const Threads stations(ring->stations(),
                           [&](const std::atomic<bool>&) { ring->pass_on(next.fetch_add(1), passed); });
    for (std::size_t i = 0; i < ring->stations(); i += stations_per_message) ring->put_in(i, 1);
    (void)pause(duration);
    counted = passed;
    took = std::chrono::steady_clock::now() - begun;
    for (std::size_t i = 0; i < ring->stations(); ++i) ring->put_in(i, 0);
  }
  return Samples{static_cast<double>(counted) / std::chrono::duration<double>(took).count()};
}

}  // namespace schedkit
