#include "bpf/schedulers/embedded.h"
#include "bpf/schedulers/scheduler_main.h"

SCHEDKIT_EMBEDDED(schedkit_fifo)

int main(int argc, char** argv) {
  using namespace schedkit;
  SchedulerProgram scheduler{
      .name = "schedkit_fifo",
      .summary = "A sched_ext scheduler with one first-in first-out queue for the whole machine.",
      .elf = embedded_schedkit_fifo(),
      .flags = {},
      .configure = [](bpf_object* object, const SchedulerProgram& chosen) -> Result<void> {
        auto settings = section_content(object, ".rodata.settings", sizeof(fifo_settings));
        if (!settings) return fail(settings.error());
        static_cast<fifo_settings*>(*settings)->slice_ns = chosen.slice_ns;
        return {};
      }};
  return scheduler_main(std::move(scheduler), argc, argv);
}
