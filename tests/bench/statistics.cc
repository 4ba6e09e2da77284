#include "tests/bench/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace schedkit::bench {

Interval bootstrap(const Samples& ours, Statistic of, const std::function<double(const Draw&)>& baseline) {
  std::mt19937 random(1);
  const Draw as_it_is = [](const Samples& values) { return values; };
  const Draw drawn = [&](const Samples& values) {
    Samples again;
    for (std::size_t i = 0; i < values.size(); ++i) again.push_back(values[random() % values.size()]);
    return again;
  };
  Samples ratios;
  for (int i = 0; i < 2000; ++i) ratios.push_back(of(drawn(ours)) / baseline(drawn));
  std::ranges::sort(ratios);
  return {of(ours) / baseline(as_it_is), ratios[50], ratios[1949]};
}

bool report_bound(std::string_view benchmark, std::string_view what, const Samples& ours, Statistic of, double bound,
                  const std::function<double(const Draw&)>& baseline) {
  const auto interval = bootstrap(ours, of, baseline);
  const bool met = interval.low <= bound;
  fmt::print("{:<14} n={} {:.1f} ms ratio={:.3f} [{:.3f}, {:.3f}] (bound {}){}\n", what, ours.size(), of(ours),
             interval.ratio, interval.low, interval.high, bound, met ? "" : " MISSED");
  fmt::print(
      "{{\"bench\":\"{}\",\"what\":\"{}\",\"n\":{},\"ms\":{:.2f},\"ratio\":{:.4f},\"low\":{:.4f},\"high\":{:.4f},"
      "\"bound\":{}}}\n",
      benchmark, what, ours.size(), of(ours), interval.ratio, interval.low, interval.high, bound);
  return met;
}

}  // namespace schedkit::bench
