#include "cli/verbs/kernel_truth.h"

#include "core/base/file.h"
#include "core/base/text.h"

namespace schedkit {

namespace {

std::string value(const std::string& path) {
  const auto content = read_file(path, 4096);
  return content ? std::string(trim(*content)) : "";
}

}  // namespace

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
