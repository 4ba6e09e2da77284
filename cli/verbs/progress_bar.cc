#include "cli/verbs/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "core/base/text.h"

namespace schedkit {

namespace {

constexpr std::size_t width = 30;

}  // namespace

ProgressBar::ProgressBar() : terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressBar::~ProgressBar() {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void ProgressBar::show(const PullProgress& progress) {
  if (!terminal_ || progress == shown_) return;
  shown_ = progress;
  const std::size_t full = progress.total == 0 ? 0 : width * progress.bytes / progress.total;
  fmt::print(stderr, "\r\033[K{:<10} [{}{}] {} of {}", to_string(progress.phase), std::string(full, '#'),
             std::string(width - full, ' '), format_size(progress.bytes),
             progress.total == 0 ? "?" : format_size(progress.total));
}

}  // namespace schedkit
