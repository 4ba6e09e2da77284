#include "cli/bench/workload.h"

namespace schedkit {

namespace {

Workload frames(int rate) {
  return {.name = fmt::format("frames-{}", rate),
          .title = fmt::format("A frame at {} Hz, of {:.1f} ms at most, all CPUs busy", rate, 1000.0 / rate),
          .unit = "ms",
          .share = 0.99,
          .run = [rate](Duration duration, const BenchPause& pause) { return measure_frames(rate, duration, pause); }};
}

}  // namespace

const std::vector<Workload>& bench_workloads() {
  static const std::vector<Workload> all = {
      {.name = "wakeup",
       .title = "Waking up from a sleep of 1 ms, two busy threads for each CPU",
       .unit = "ms",
       .share = 0.95,
       .run = measure_wakeup},
      {.name = "spawn",
       .title = "A job of 2 ms: fork, compute, exec, exit; two at once for each CPU",
       .unit = "ms",
       .run = measure_spawn},
      frames(60),
      frames(120),
      frames(240),
      {.name = "mix",
       .title = "Messages through pipes with a little work on each, beside a busy thread for each CPU",
       .unit = "messages/s",
       .more_is_better = true,
       .run = measure_mix},
  };
  return all;
}

}  // namespace schedkit
