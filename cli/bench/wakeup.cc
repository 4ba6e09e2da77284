#include "cli/bench/load.h"
#include "cli/bench/workload.h"

namespace schedkit {

namespace {

constexpr Duration nap = std::chrono::milliseconds(1);

double milliseconds(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

}  // namespace

Result<Samples> measure_wakeup(Duration duration, const BenchPause& pause) {
  Samples samples;
  {
    const BusyCpus busy(2);  // so that somebody waits already: only then do queues differ
    const Threads sleeper(1, [&samples](const std::atomic<bool>& end) {
      while (!end) {
        const Instant due = std::chrono::steady_clock::now() + nap;
        std::this_thread::sleep_until(due);
        samples.push_back(milliseconds(std::chrono::steady_clock::now() - due));
      }
    });
    (void)pause(duration);
  }
  if (samples.empty()) return fail(Errc::failed, "the sleeping thread never ran");
  return samples;
}

}  // namespace schedkit
