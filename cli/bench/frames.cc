#include <semaphore>

#include "cli/bench/load.h"
#include "cli/bench/workload.h"

namespace schedkit {

namespace {

// A game's two threads: one prepares the frame, the other draws it; together they need two fifths of the time there is.
class FramePair {
 public:
  explicit FramePair(int rate)
      : period_(Duration(std::chrono::seconds(1)) / rate),
        drawer_(1, [this](const std::atomic<bool>& end) { draw(end); }) {}

  ~FramePair() {
    leaving_ = true;
    prepared_.release();
  }

  // One frame after the other, each begun when the screen would ask for it; one that is late skips what it missed.
  void play(const std::atomic<bool>& end, Samples& samples) {
    Instant begin = std::chrono::steady_clock::now() + period_;
    while (!end) {
      std::this_thread::sleep_until(begin);
      burn(period_ / 5);
      prepared_.release();
      drawn_.acquire();
      const Duration took = std::chrono::steady_clock::now() - begin;
      samples.push_back(std::chrono::duration<double, std::milli>(took).count());
      begin += period_ * (1 + took / period_);
    }
  }

 private:
  void draw(const std::atomic<bool>&) {
    for (;;) {
      prepared_.acquire();
      if (leaving_) return;
      burn(period_ / 5);
      drawn_.release();
    }
  }

  const Duration period_;
  std::binary_semaphore prepared_{0};
  std::binary_semaphore drawn_{0};
  std::atomic<bool> leaving_ = false;
  Threads drawer_;
};

}  // namespace

Result<Samples> measure_frames(int rate, Duration duration, const BenchPause& pause) {
  Samples samples;
  {
    const BusyCpus busy;
    FramePair pair(rate);
    const Threads player(1, [&](const std::atomic<bool>& end) { pair.play(end, samples); });
    (void)pause(duration);
  }
  if (samples.empty()) return fail(Errc::failed, "no frame was finished");
  return samples;
}

}  // namespace schedkit
