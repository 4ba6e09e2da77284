#include <algorithm>

#include "bpf/schedulers/embedded.h"
#include "bpf/schedulers/llc_topology.h"
#include "bpf/schedulers/scheduler_main.h"

SCHEDKIT_EMBEDDED(schedkit_vtime)

namespace schedkit {
namespace {

Result<void> configure(bpf_object* object, const SchedulerProgram& scheduler) {
  auto content = section_content(object, ".rodata.settings", sizeof(vtime_settings));
  if (!content) return fail(content.error());
  auto* settings = static_cast<vtime_settings*>(*content);
  settings->slice_ns = scheduler.slice_ns;
  settings->llcs = 1;
  if (scheduler.flags.front().set) return {};
  auto topology = read_llc_topology("/sys/devices/system/cpu", SCHEDKIT_MAX_CPUS, SCHEDKIT_MAX_LLCS);
  if (!topology) return fail(with_context(topology.error(), "CPU topology"));
  settings->llcs = static_cast<__s32>(topology->count);
  std::ranges::copy(topology->of_cpu, settings->llc_of_cpu);
  fmt::print("schedkit_vtime: {} LLC queues\n", topology->count);
  return {};
}

}  // namespace
}  // namespace schedkit

int main(int argc, char** argv) {
  using namespace schedkit;
  SchedulerProgram scheduler{.name = "schedkit_vtime",
                             .summary = "A sched_ext scheduler: weighted virtual time, one queue per last-level cache.",
                             .elf = embedded_schedkit_vtime(),
                             .flags = {{"--one-queue", "one queue for the whole machine, whatever its caches are"}},
                             .configure = configure};
  return scheduler_main(std::move(scheduler), argc, argv);
}
