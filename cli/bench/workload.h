// What `schedctl bench` lets the machine do under each scheduler. Workloads are threads and short-lived processes of
// schedctl itself: what they need is on every machine, and they end with it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/base/statistics.h"

namespace schedkit {

// Lets time pass. False, at once, when the benchmark is to end.
using BenchPause = std::function<bool(Duration)>;

struct Workload {
  std::string name;  // as --workload takes it
  std::string title;
  std::string unit;
  bool more_is_better = false;
  // The share (0 to 1) of the samples whose percentile is what schedulers are compared by.
  double share = 0.5;
  // Works for `duration` and tells what was measured, in `unit`; never empty. Everything it started has ended when it
  // returns. What was measured before an end that `pause` told counts for nothing.
  std::function<Result<Samples>(Duration duration, const BenchPause& pause)> run;
};

// wakeup, spawn, frames-60, frames-120, frames-240, mix.
const std::vector<Workload>& bench_workloads();

// Each in a file of its own name. (wakeup.cc, spawn.cc, frames.cc, mix.cc)
Result<Samples> measure_wakeup(Duration duration, const BenchPause& pause);
Result<Samples> measure_spawn(Duration duration, const BenchPause& pause);
Result<Samples> measure_frames(int rate, Duration duration, const BenchPause& pause);
Result<Samples> measure_mix(Duration duration, const BenchPause& pause);

}  // namespace schedkit
