#include "core/image/runnable.h"

#include <array>
#include <csignal>
#include <cstring>

#include "core/base/text.h"

namespace schedkit {
namespace {

constexpr const char* kernel_label = "org.schedkit.scheduler.kernel.min-version";

bool is_root(std::string_view user) {
  static constexpr std::array<std::string_view, 7> names{"", "0", "root", "0:0", "root:root", "0:root", "root:0"};
  for (const std::string_view name : names) {
    if (user == name) return true;
  }
  return false;
}

// "6.12.95-amd64" → 6, 12, 95; missing parts are 0. Fails when it does not start with a number.
Result<std::array<std::uint64_t, 3>> parse_version(std::string_view text) {
  std::array<std::uint64_t, 3> version{};
  std::string_view rest = text.starts_with('v') ? text.substr(1) : text;
  for (std::size_t i = 0; i < version.size(); ++i) {
    const auto end = rest.find_first_not_of("0123456789");
    auto number = parse_unsigned(rest.substr(0, end));
    if (!number) {
      if (i == 0) return fail(Errc::invalid, "{} is not a kernel version; write it like \"6.12\"", quote(text));
      break;
    }
    version[i] = *number;
    if (end == std::string_view::npos || rest[end] != '.') break;
    rest.remove_prefix(end + 1);
  }
  return version;
}

}  // namespace

Result<int> parse_signal(std::string_view text) {
  if (auto number = parse_unsigned(text)) {
    if (*number >= 1 && *number <= static_cast<std::uint64_t>(SIGRTMAX)) return static_cast<int>(*number);
  }
  std::string_view name = text.starts_with("SIG") ? text.substr(3) : text;
  if (name.starts_with("RTMIN")) {
    const std::string_view offset = name.substr(5);
    if (offset.empty()) return SIGRTMIN;
    auto number = offset.starts_with('+') ? parse_unsigned(offset.substr(1)) : parse_unsigned("");
    if (number && *number <= static_cast<std::uint64_t>(SIGRTMAX - SIGRTMIN)) {
      return SIGRTMIN + static_cast<int>(*number);
    }
  }
  for (int signal = 1; signal < SIGRTMIN; ++signal) {
    const char* known = ::sigabbrev_np(signal);
    if (known != nullptr && name == known) return signal;
  }
  return fail(Errc::invalid, "{} is not a signal; expected a name like \"SIGTERM\" or a number", quote(text));
}

Result<RunnableImage> make_runnable(const ImageConfig& config, const std::map<std::string, std::string>& annotations) {
  RunnableImage image;
  if (!is_root(config.user)) {
    return fail(Errc::unsupported, "image config: User {} cannot attach a scheduler; it must be root or empty",
                quote(config.user));
  }
  if (config.entrypoint.empty() && config.command.empty()) {
    return fail(Errc::invalid, "image config: Entrypoint and Cmd are both empty, there is nothing to run");
  }
  const std::string& first = config.entrypoint.empty() ? config.command.front() : config.entrypoint.front();
  if (first.empty()) return fail(Errc::invalid, "image config: the program's name in Entrypoint or Cmd is empty");
  if (!config.working_directory.empty() && !config.working_directory.starts_with('/')) {
    return fail(Errc::invalid, "image config: WorkingDir {} must be absolute", quote(config.working_directory));
  }
  // A descriptor that leaked would be a way out of the container (CVE-2024-21626).
  if ((config.working_directory + "/").starts_with("/proc/")) {
    return fail(Errc::denied, "image config: WorkingDir {} lies in /proc", quote(config.working_directory));
  }
  if (!config.stop_signal.empty()) {
    auto signal = parse_signal(config.stop_signal);
    if (!signal) return fail(with_context(std::move(signal.error()), "image config: StopSignal"));
    image.stop_signal = *signal;
  }
  for (const std::string& variable : config.env) {
    if (variable.find('=') == std::string::npos || variable.starts_with('=')) {
      return fail(Errc::invalid, "image config: Env entry {} must be KEY=value", quote(variable));
    }
  }
  image.entrypoint = config.entrypoint;
  image.command = config.command;
  image.env = config.env;
  if (!config.working_directory.empty()) image.working_directory = config.working_directory;
  image.labels = config.labels;
  image.labels.insert(annotations.begin(), annotations.end());
  return image;
}

Result<void> require_kernel(const RunnableImage& image, std::string_view release) {
  const auto label = image.labels.find(kernel_label);
  if (label == image.labels.end() || label->second.empty()) return {};
  auto wanted = parse_version(label->second);
  if (!wanted)
    return fail(with_context(std::move(wanted.error()), fmt::format("{}: label {}", image.reference, kernel_label)));
  auto running = parse_version(release);
  if (!running) return fail(std::move(running.error()));
  if (*running >= *wanted) return {};
  return fail(Errc::unsupported, "{} needs Linux {} or newer, this is {}", image.reference, quote(label->second),
              release);
}

}  // namespace schedkit
