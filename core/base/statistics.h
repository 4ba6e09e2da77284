#pragma once

#include <vector>

namespace schedkit {

using Samples = std::vector<double>;

// Of at least one value.
double median(Samples values);
// The smallest value that is not below `share` (0 to 1) of them.
double percentile(Samples values, double share);

}  // namespace schedkit
