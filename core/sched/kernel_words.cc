#include "core/sched/kernel_words.h"

namespace schedkit {

namespace {

constexpr Duration gap = std::chrono::milliseconds(5);  // more than between two lines, less than anybody notices
constexpr std::size_t most_details = 4;

constexpr std::string_view subject = "BPF scheduler \"";
constexpr std::string_view ended = " disabled (";

// The kernel's wording of SCX_EXIT_UNREG and of SCX_EXIT_UNREG_KERN, which it uses for CPU hotplug alone.
constexpr std::string_view unregistered = "unregistered from user space";
constexpr std::string_view unregistered_by_kernel = "unregistered from the main kernel";

}  // namespace

void KernelWords::forget() {
  reason_.clear();
  details_.clear();
}

void KernelWords::add(const std::string& line, Instant now) {
  if (line.find(subject) != std::string::npos) {
    const auto at = line.find(ended);
    if (at == std::string::npos) return;
    const auto begin = at + ended.size();
    forget();
    reason_ = line.substr(begin, line.rfind(')') - begin);
    last_ = now;
  } else if (!reason_.empty() && line.starts_with("sched_ext: ") && details_.size() < most_details) {
    const auto detail = line.find(": ", std::string_view("sched_ext: ").size());
    if (detail == std::string::npos) return;
    details_.push_back(line.substr(detail + 2));
    last_ = now;
  }
}

std::string KernelWords::reason() const {
  std::string text = reason_;
  for (const auto& detail : details_) text += "; " + detail;
  return text;
}

bool KernelWords::by_user() const { return reason_ == unregistered; }
bool KernelWords::by_restart() const { return reason_ == unregistered_by_kernel; }

std::optional<Instant> KernelWords::complete_at() const {
  return reason_.empty() ? std::nullopt : std::optional(last_ + gap);
}

}  // namespace schedkit
