#include "cli/verbs/kernel_truth.h"

#include <cstdlib>

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

std::string value(const std::string& path) {
  const auto content = read_file(path, 4096);
  return content ? std::string(trim(*content)) : "";
}

constexpr std::string_view counter_prefix = "SCX_EV_";

}  // namespace

std::string sched_ext_directory() {
  const char* given = std::getenv("SCHEDKIT_SYSFS");
  return given != nullptr ? given : "/sys/kernel/sched_ext";
}

EventCounters read_event_counters(const std::string& sysfs) {
  EventCounters counters;
  const auto text = value(sysfs + "/root/events");
  for (const auto line : split(text, '\n')) {
    const auto words = split(line, ' ');
    if (words.size() != 2 || !words[0].starts_with(counter_prefix)) continue;
    const auto count = parse_unsigned(words[1]);
    if (count) counters.emplace(words[0].substr(counter_prefix.size()), *count);
  }
  return counters;
}

KernelStatus read_kernel_status(const std::string& sysfs) {
  KernelStatus kernel;
  kernel.state = value(sysfs + "/state");
  kernel.supported = !kernel.state.empty();
  if (!kernel.supported) {
    kernel.state = "unsupported";
    return kernel;
  }
  kernel.ops = value(sysfs + "/root/ops");
  kernel.enable_seq = parse_unsigned(value(sysfs + "/enable_seq")).value_or(0);
  return kernel;
}

Status kernel_only_status(KernelStatus kernel) {
  Status status;
  status.kernel = std::move(kernel);
  if (!status.kernel.supported) {
    status.state = SystemState::unsupported;
  } else if (!status.kernel.ops.empty()) {
    status.state = SystemState::foreign;
    status.discrepancy = "a scheduler is attached and the daemon cannot be asked whether it is ours";
  }
  return status;
}

}  // namespace schedkit
