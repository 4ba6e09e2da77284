// SPDX-License-Identifier: GPL-2.0
// Tells the stall guard whether ordinary processes are given CPUs. It notes the guard's tick number rather than
// counting, so that a healthy machine writes to shared memory once per tick and not at each of its context switches.
//
// Not counted: kernel threads, which schedulers commonly dispatch by themselves while everything else hangs; and a task
// that goes on where a real-time task (the guard) had interrupted it, for the kernel does that without its scheduler.
#include "bpf/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#include "bpf/guard/switches.h"

#define PF_KTHREAD 0x00200000
#define MAX_RT_PRIO 100

char switches_license[] SEC("license") = "GPL";

volatile struct guard_switches switches;

/* The ordinary task that a real-time one has displaced on this CPU; 0 if none. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, int);
} displaced SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next, unsigned int prev_state) {
  __u32 first = 0;
  int* pid = bpf_map_lookup_elem(&displaced, &first);
  if (!pid) return 0;
  if (next->pid != 0 && next->prio < MAX_RT_PRIO) {
    bool runnable = preempt || prev_state == 0;
    if (runnable && prev->pid != 0 && prev->prio >= MAX_RT_PRIO) *pid = prev->pid;
    return 0;
  }
  bool goes_on = next->pid != 0 && next->pid == *pid;
  *pid = 0;
  if (next->pid == 0 || goes_on || (next->flags & PF_KTHREAD)) return 0;
  __u64 tick = switches.tick;
  if (switches.switched != tick) switches.switched = tick;
  return 0;
}
