#include "core/sched/cpu_pressure_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "core/base/file.h"

namespace schedkit {

std::optional<double> parse_pressure(std::string_view text) {
  constexpr std::string_view key = "some avg10=";
  if (!text.starts_with(key)) return std::nullopt;
  double percent = 0;
  const auto [end, error] = std::from_chars(text.data() + key.size(), text.data() + text.size(), percent);
  if (error != std::errc() || percent < 0 || percent > 100) return std::nullopt;
  return percent / 100;
}

std::optional<double> LinuxCpuPressure::recent() const {
  const auto text = read_file(path_, 4096);
  return text ? parse_pressure(*text) : std::nullopt;
}

Result<void> LinuxCpuPressure::watch(double share, Duration window, std::function<void()> above) {
  unwatch();
  auto trigger = open_file(path_, O_RDWR | O_NONBLOCK);
  if (!trigger) return fail(std::move(trigger.error()));
  const auto window_us = std::chrono::duration_cast<std::chrono::microseconds>(window).count();
  const auto stall_us = static_cast<std::int64_t>(share * static_cast<double>(window_us));
  const std::string request = fmt::format("some {} {}", stall_us, window_us);
  // The kernel takes the text with its final 0 byte.
  if (::write(trigger->get(), request.c_str(), request.size() + 1) < 0) {
    return fail_errno(errno, fmt::format("cannot set the trigger \"{}\" on {}", request, path_));
  }
  auto watch = FdWatch::create(loop_, trigger->get(), [above = std::move(above)](FdWatch::Ready ready) {
    if (ready.priority) above();
  });
  if (!watch) return fail(std::move(watch.error()));
  trigger_ = std::move(*trigger);
  watch_ = std::move(*watch);
  watch_->want({.priority = true});
  return {};
}

void LinuxCpuPressure::unwatch() {
  watch_.reset();
  trigger_.reset();
}

}  // namespace schedkit
