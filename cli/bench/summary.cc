#include "cli/bench/summary.h"

#include <algorithm>
#include <random>

namespace schedkit {

namespace {

constexpr int draws = 2000;

std::pair<double, double> bootstrap(const Samples& values) {
  std::mt19937 random(1);
  Samples medians;
  for (int i = 0; i < draws; ++i) {
    Samples drawn;
    for (std::size_t k = 0; k < values.size(); ++k) drawn.push_back(values[random() % values.size()]);
    medians.push_back(median(std::move(drawn)));
  }
  return {percentile(medians, 0.025), percentile(medians, 0.975)};
}

BenchFigure figure_of(const std::string& scheduler, const Rounds& rounds, const Workload& workload) {
  Samples all;
  Samples values;
  for (const auto& round : rounds) {
    all.insert(all.end(), round.begin(), round.end());
    values.push_back(percentile(round, workload.share));
  }
  const auto [low, high] = bootstrap(values);
  return {.scheduler = scheduler,
          .p50 = percentile(all, 0.5),
          .p95 = percentile(all, 0.95),
          .p99 = percentile(all, 0.99),
          .value = median(values),
          .low = low,
          .high = high};
}

}  // namespace

std::string_view to_string(BenchVerdict verdict) {
  switch (verdict) {
    case BenchVerdict::baseline: return "baseline";
    case BenchVerdict::better: return "better";
    case BenchVerdict::worse: return "worse";
    case BenchVerdict::alike: return "not told apart";
  }
  return "";
}

BenchVerdict compare(const Workload& workload, const BenchFigure& figure, const BenchFigure& baseline) {
  if (figure.scheduler == baseline.scheduler) return BenchVerdict::baseline;
  const bool more = figure.low > baseline.high;
  const bool less = figure.high < baseline.low;
  if (!more && !less) return BenchVerdict::alike;
  return more == workload.more_is_better ? BenchVerdict::better : BenchVerdict::worse;
}

std::vector<BenchFigure> summarise(const BenchResult& result, const Workload& workload) {
  std::vector<BenchFigure> figures;
  for (const auto& scheduler : result.plan.schedulers) {
    const auto rounds = result.of.find({scheduler, workload.name});
    if (rounds != result.of.end()) figures.push_back(figure_of(scheduler, rounds->second, workload));
  }
  return figures;
}

}  // namespace schedkit
