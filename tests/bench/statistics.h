// What the benchmarks say of their samples. Times are in milliseconds.
#pragma once

#include <functional>
#include <string_view>

#include "core/base/statistics.h"

namespace schedkit::bench {

using schedkit::median;
using schedkit::percentile;
using schedkit::Samples;

using Statistic = double (*)(Samples);

struct Interval {
  double ratio = 0, low = 0, high = 0;
};

// Samples to samples: as they are, or drawn again.
using Draw = std::function<Samples(const Samples&)>;

// The ratio of `of(ours)` to the baseline, and its 95 % bootstrap interval (2000 draws, the same ones in each run).
Interval bootstrap(const Samples& ours, Statistic of, const std::function<double(const Draw&)>& baseline);

// Prints a line to read and one of JSON; true when the lower end of the ratio's interval is within `bound`.
bool report_bound(std::string_view benchmark, std::string_view what, const Samples& ours, Statistic of, double bound,
                  const std::function<double(const Draw&)>& baseline);

}  // namespace schedkit::bench
