#include "core/sched/probation.h"

#include <algorithm>
#include <utility>

namespace schedkit {

namespace {

constexpr Duration window = std::chrono::seconds(2);

}  // namespace

Probation::Probation(const Clock& clock, CpuPressure& pressure, std::function<void(std::string why)> failed)
    : clock_(clock), pressure_(pressure), failed_(std::move(failed)) {}

void Probation::take_baseline(double limit) {
  limit_ = limit;
  baseline_ = limit > 0 ? pressure_.recent().value_or(0) : 0;
}

Result<void> Probation::begin(Duration length) {
  end();
  if (length <= Duration::zero()) return {};
  until_ = clock_.now() + length;
  const double share = std::max(limit_, baseline_);
  if (limit_ <= 0 || share >= 1) return {};  // there is no more than always
  return pressure_.watch(share, window, [this] {
    pressure_.unwatch();
    failed_(fmt::format("CPU pressure was above {:.0f}% for {} s (limit {:.0f}%, {:.0f}% before the switch)",
                        100 * std::max(limit_, baseline_),
                        std::chrono::duration_cast<std::chrono::seconds>(window).count(), 100 * limit_,
                        100 * baseline_));
  });
}

void Probation::end() {
  pressure_.unwatch();
  until_.reset();
}

}  // namespace schedkit
