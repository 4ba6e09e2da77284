// SPDX-License-Identifier: GPL-2.0
/*
 * schedkit_fifo: one first-in first-out queue for the whole machine.
 *
 * A task that wakes goes straight to an idle CPU when there is one, else to the end of the global queue; every CPU
 * takes from its head. Weights (nice) are ignored. Good for few, long or equal tasks; a baseline to compare against. It
 * holds no state per CPU, so hotplug does not concern it.
 */
#include "bpf/schedulers/counters.bpf.h"
#include "bpf/schedulers/exit_report.bpf.h"
#include "bpf/schedulers/scx_compat.bpf.h"
#include "bpf/schedulers/settings.h"

char license_[] SEC("license") = "GPL";

const volatile struct fifo_settings settings SEC(".rodata.settings") = {.slice_ns = 20000000};

SEC("struct_ops/fifo_select_cpu")
s32 BPF_PROG(fifo_select_cpu, struct task_struct* p, s32 prev_cpu, u64 wake_flags) {
  bool idle = false;
  s32 cpu = scx_bpf_select_cpu_dfl(p, prev_cpu, wake_flags, &idle);
  if (idle) {
    COUNT(direct);
    dsq_insert(p, SCX_DSQ_LOCAL, settings.slice_ns, 0);
  }
  return cpu;
}

SEC("struct_ops/fifo_enqueue")
void BPF_PROG(fifo_enqueue, struct task_struct* p, u64 enq_flags) {
  COUNT(queued);
  dsq_insert(p, SCX_DSQ_GLOBAL, settings.slice_ns, enq_flags);
}

/* Present so that the kernel does not end the scheduler when a CPU comes or goes. */
SEC("struct_ops/fifo_cpu_online")
void BPF_PROG(fifo_cpu_online, s32 cpu) {}

SEC("struct_ops/fifo_cpu_offline")
void BPF_PROG(fifo_cpu_offline, s32 cpu) {}

SEC("struct_ops/fifo_exit")
void BPF_PROG(fifo_exit, struct scx_exit_info* info) { report_exit(info); }

SEC(".struct_ops.link")
struct sched_ext_ops fifo_ops = {
    .select_cpu = (void*)fifo_select_cpu,
    .enqueue = (void*)fifo_enqueue,
    .cpu_online = (void*)fifo_cpu_online,
    .cpu_offline = (void*)fifo_cpu_offline,
    .exit = (void*)fifo_exit,
    .name = "schedkit_fifo",
};
