#include "core/sched/kernel_words.h"

#include <algorithm>
#include <array>

namespace schedkit {

namespace {

constexpr Duration patience = std::chrono::milliseconds(50);  // for the message that follows an error's first line
constexpr std::size_t most_details = 4;

constexpr std::string_view subject = "BPF scheduler \"";
constexpr std::string_view ended = " disabled (";

// The kernel's wording of SCX_EXIT_UNREG and of SCX_EXIT_UNREG_KERN, which it uses for CPU hotplug alone.
constexpr std::string_view unregistered = "unregistered from user space";
constexpr std::string_view unregistered_by_kernel = "unregistered from the main kernel";

// Those from SCX_EXIT_ERROR on, which come with a message.
constexpr std::array<std::string_view, 3> errors{"runtime error", "scx_bpf_error", "runnable task stall"};

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
    said_ = now;
  } else if (!reason_.empty() && line.starts_with("sched_ext: ") && details_.size() < most_details) {
    const auto detail = line.find(": ", std::string_view("sched_ext: ").size());
    if (detail == std::string::npos) return;
    details_.push_back(line.substr(detail + 2));
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
  if (reason_.empty()) return std::nullopt;
  const bool message_follows = std::ranges::find(errors, reason_) != errors.end();
  return message_follows && details_.empty() ? said_ + patience : said_;
}

}  // namespace schedkit
