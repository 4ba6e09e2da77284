#pragma once

#include <optional>

#include "cli/bench/measurement.h"

namespace schedkit {

// What is told of one scheduler at one workload, in the workload's unit.
struct BenchFigure {
  std::string scheduler;
  double p50 = 0, p95 = 0, p99 = 0;  // of the samples of all rounds
  // What schedulers are compared by: the median over the rounds of each round's percentile (Workload::share), and its
  // 95 % bootstrap interval over the rounds. The same rounds give the same interval.
  double value = 0, low = 0, high = 0;
};

enum class BenchVerdict { baseline, better, worse, alike };

std::string_view to_string(BenchVerdict verdict);

// Better or worse only when the intervals do not touch.
BenchVerdict compare(const Workload& workload, const BenchFigure& figure, const BenchFigure& baseline);

// In the order of the plan; schedulers that finished no round are left out.
std::vector<BenchFigure> summarise(const BenchResult& result, const Workload& workload);

}  // namespace schedkit
